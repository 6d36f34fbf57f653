/** Faults of S3 that no stand-in produces: rival writes, throttling, lost replies, damaged and broken bodies, refusals. */
import { PassThrough, Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { ConflictError, NotFoundError, StorageError } from '@maas/core/errors'
import type { ObjectStore } from '@maas/core/store'
import { createS3Store } from '@maas/core/store/s3'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'

const client = new S3Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
const s3 = mockClient(client)
let store: ObjectStore
beforeEach(() => {
  s3.reset()
  store = createS3Store({ client, bucket: 'models', prefix: 'p', stallMs: 50 })
})

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** An error as the SDK throws it. */
const fault = (name: string, httpStatusCode: number, message = name, attempts = 1): Error =>
  Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode, attempts } })

/** A reply's body; the SDK's own helpers on it are not used. */
const body = (stream: Readable) => stream as unknown as NonNullable<Awaited<ReturnType<ObjectStore['get']>>> & never
const answer = (text: string) => ({ Body: body(Readable.from([bytes(text)])), ContentLength: text.length, ETag: '"1"' })

async function* twoChunks(): AsyncIterable<Uint8Array> {
  yield bytes('one')
  yield bytes('two')
}

const readAll = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

describe('a conditional write', () => {
  it.each([
    ['412 PreconditionFailed', fault('PreconditionFailed', 412)],
    ['409 ConditionalRequestConflict', fault('ConditionalRequestConflict', 409)],
  ])('is lost on %s', async (_, error) => {
    s3.on(PutObjectCommand).rejects(error)
    await expect(store.put('a', bytes('x'), { ifAbsent: true })).rejects.toThrow(ConflictError)
    await expect(store.put('a', bytes('x'), { ifMatch: '"1"' })).rejects.toThrow(ConflictError)
    await expect(store.putStream('a', twoChunks(), { ifAbsent: true })).rejects.toThrow(ConflictError)
    expect(s3.commandCalls(HeadObjectCommand)).toHaveLength(0)
  })

  it('is lost when the object that it should replace is gone', async () => {
    s3.on(PutObjectCommand).rejects(fault('NoSuchKey', 404))
    await expect(store.put('a', bytes('x'), { ifMatch: '"1"' })).rejects.toThrow(ConflictError)
  })

  it('carries its condition, and completes a multipart upload with it', async () => {
    s3.on(PutObjectCommand).resolves({ ETag: '"2"' })
    s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'u' })
    s3.on(UploadPartCommand).resolves({ ETag: '"part"' })
    s3.on(CompleteMultipartUploadCommand).rejects(fault('ConditionalRequestConflict', 409))
    await store.put('a', bytes('x'), { ifMatch: '"1"' })
    await store.put('b', bytes('x'), { ifAbsent: true })
    const puts = s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input)
    expect(puts[0]).toMatchObject({ Bucket: 'models', Key: 'p/a', IfMatch: '"1"' })
    expect(puts[1]).toMatchObject({ Key: 'p/b', IfNoneMatch: '*' })
    const big = async function* () {
      yield new Uint8Array(6_000_000)
    }
    await expect(store.putStream('c', big(), { ifAbsent: true })).rejects.toThrow(ConflictError)
    expect(s3.commandCalls(CompleteMultipartUploadCommand)[0]?.args[0].input).toMatchObject({ IfNoneMatch: '*' })
  })

  it('is won when the reply to its first attempt was lost and the second met its own object', async () => {
    s3.on(PutObjectCommand).rejects(fault('PreconditionFailed', 412, 'x', 2))
    s3.on(HeadObjectCommand).callsFake(() => {
      const { Metadata } = s3.commandCalls(PutObjectCommand).at(-1)?.args[0].input ?? {}
      return { ETag: '"mine"', ContentLength: 1, ...(Metadata && { Metadata }) }
    })
    expect(await store.put('a', bytes('x'), { ifAbsent: true })).toMatchObject({ etag: '"mine"', size: 1 })
    s3.on(HeadObjectCommand).resolves({ ETag: '"rival"', Metadata: { 'maas-write': 'somebody else' } })
    await expect(store.put('a', bytes('x'), { ifAbsent: true })).rejects.toThrow(ConflictError)
  })
})

describe('reading', () => {
  it('repeats a read whose body broke, ended early or arrived damaged', async () => {
    const broken = new PassThrough()
    broken.write('ha')
    setImmediate(() => broken.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })))
    const damaged = new Readable({
      read() {
        this.destroy(
          new Error('Checksum mismatch: expected "a" but received "b" in response header "x-amz-checksum-crc32".'),
        )
      },
    })
    s3.on(GetObjectCommand)
      .resolvesOnce({ Body: body(broken), ContentLength: 4 })
      .resolvesOnce({ Body: body(damaged), ContentLength: 4 })
      .resolvesOnce(answer('good'))
    expect(Buffer.from((await store.get('a')).body).toString()).toBe('good')
    s3.reset()
    s3.on(GetObjectCommand)
      .resolvesOnce({ Body: body(Readable.from([bytes('ha')])), ContentLength: 4 })
      .resolvesOnce(answer('good'))
    expect(Buffer.from((await store.get('a')).body).toString()).toBe('good')
  })

  it('gives up on a body that always arrives damaged', async () => {
    s3.on(GetObjectCommand).callsFake(() => ({
      ContentLength: 4,
      Body: new Readable({
        read() {
          this.destroy(new Error('Checksum mismatch: expected "a" but received "b"'))
        },
      }),
    }))
    await expect(store.get('a')).rejects.toThrow(/cannot read s3:\/\/models\/p\/a: the content was damaged on its way/)
    expect(s3.commandCalls(GetObjectCommand)).toHaveLength(3)
  })

  it('gives up on a body that stalls, and lets its connection go', async () => {
    const stalled = new PassThrough()
    stalled.write('ha')
    s3.on(GetObjectCommand).resolves({ Body: body(stalled), ContentLength: 4 })
    await expect(store.stream('a').then(readAll)).rejects.toThrow(/no data for 0.05 s after 2 of 4 bytes/)
    expect(stalled.destroyed).toBe(true)
  })

  it('says that a stream broke rather than ending it', async () => {
    s3.on(GetObjectCommand).resolves({ Body: body(Readable.from([bytes('ha')])), ContentLength: 4 })
    await expect(store.stream('a').then(readAll)).rejects.toThrow(StorageError)
    await expect(store.stream('a').then(readAll)).rejects.toThrow(/ended after (0|2) of 4 bytes/)
  })

  it('lets go of a stream that its reader leaves', async () => {
    const endless = new Readable({
      read() {
        this.push(bytes('more'))
      },
    })
    s3.on(GetObjectCommand).resolves({ Body: body(endless) })
    for await (const _chunk of await store.stream('a')) break
    expect(endless.destroyed).toBe(true)
  })

  it('does not repeat what S3 refused', async () => {
    s3.on(GetObjectCommand).rejects(fault('NoSuchKey', 404))
    await expect(store.get('a')).rejects.toThrow(NotFoundError)
    s3.on(GetObjectCommand).rejects(fault('AccessDenied', 403))
    await expect(store.get('a')).rejects.toThrow(StorageError)
    expect(s3.commandCalls(GetObjectCommand)).toHaveLength(2)
  })
})

describe('a refusal', () => {
  const kms =
    'User: arn:aws:sts::1:assumed-role/r is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/k because'

  it.each([
    ['a read', fault('AccessDenied', 403), /allow s3:GetObject on arn:aws:s3:::models\/p\/a; .*s3:ListBucket/],
    ['a KMS key', fault('AccessDenied', 403, kms), /allow kms:GenerateDataKey on arn:aws:kms:eu-west-1:1:key\/k/],
    [
      'a disabled KMS key',
      fault('KMS.DisabledException', 400, 'k is disabled'),
      /KMS key of bucket models cannot be used: k is disabled/,
    ],
    ['a missing bucket', fault('NoSuchBucket', 404), /bucket models does not exist/],
    ['another region', fault('PermanentRedirect', 301), /lies in another region; set AWS_REGION/],
    ['expired credentials', fault('ExpiredToken', 400), /AWS credentials are missing, wrong or expired/],
    ['no credentials', fault('CredentialsProviderError', 0, 'none found'), /AWS credentials are missing.*none found/],
    ['no region', new Error('Region is missing'), /set AWS_REGION/],
    ['throttling', fault('SlowDown', 503), /throttling requests \(SlowDown\)/],
    ['no network', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), /cannot be reached \(ECONNREFUSED\)/],
    ['anything else', fault('InternalError', 500, 'oops'), /InternalError: oops/],
  ])('of %s says what to do', async (_, error, message) => {
    s3.on(GetObjectCommand).rejects(error)
    const outcome = await store.get('a').catch((thrown) => thrown)
    expect(outcome).toBeInstanceOf(StorageError)
    expect(outcome.message).toMatch(message)
    expect(outcome.message).toContain('s3://models/p/a')
    expect(outcome.cause).toBe(error)
  })

  it('names the permission of each call', async () => {
    s3.on(PutObjectCommand).rejects(fault('AccessDenied', 403))
    s3.on(DeleteObjectCommand).rejects(fault('AccessDenied', 403))
    s3.on(ListObjectsV2Command).rejects(fault('AccessDenied', 403))
    await expect(store.put('a', bytes('x'))).rejects.toThrow('allow s3:PutObject on arn:aws:s3:::models/p/a')
    await expect(store.delete('a')).rejects.toThrow('allow s3:DeleteObject on arn:aws:s3:::models/p/a')
    await expect(store.list('a/')).rejects.toThrow(/allow s3:ListBucket on arn:aws:s3:::models$/)
  })

  it('says after which time to repeat, where repeating may help', async () => {
    s3.on(PutObjectCommand).rejectsOnce(fault('SlowDown', 503)).rejectsOnce(fault('BadDigest', 400))
    await expect(store.put('a', bytes('x'))).rejects.toMatchObject({ retryAfter: 5 })
    await expect(store.put('a', bytes('x'))).rejects.toMatchObject({
      retryAfter: 1,
      message: expect.stringMatching(/damaged on its way \(BadDigest/),
    })
  })

  it('of a streamed write is not confused with a failure of its source', async () => {
    const failing = async function* () {
      yield bytes('x')
      throw Object.assign(new Error('the source was denied'), { name: 'AccessDenied' })
    }
    await expect(store.putStream('a', failing())).rejects.toThrow(/^the source was denied$/)
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(0)
  })
})
