/** Addresses for S3: what is signed, and what completing twice or racing does. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { ConflictError } from '@maas/core/errors'
import { createS3Store } from '@maas/core/store/s3'
import { createS3Uploads } from '@maas/core/store/s3-uploads'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'

const client = new S3Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
const s3 = mockClient(client)
const uploads = createS3Uploads({ client, bucket: 'models', store: createS3Store({ client, bucket: 'models' }) })
const sha256 = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c'
const small = { key: 'uploads/1/file/model.h5', size: 100, sha256, partBytes: 1000, token: '' }
const large = { ...small, size: 2500, token: 'multipart-1' }
const fault = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(name), { name, $fault: 'client', $metadata: { httpStatusCode, attempts: 1 } })
const missing = fault('NotFound', 404)
beforeEach(() => s3.reset())

describe('an address', () => {
  it.each([
    [
      'a whole file',
      small,
      { number: 1, size: 100, sha256 },
      'content-length;host;if-none-match;x-amz-checksum-sha256',
    ],
    ['a part', large, { number: 3, size: 500, sha256 }, 'content-length;host;x-amz-checksum-sha256'],
  ])('for %s is signed for its length and checksum', async (_, file, part, signed) => {
    const { url, headers } = await uploads.address(file, part)
    const { searchParams, pathname } = new URL(url)
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe(signed)
    expect(headers['x-amz-checksum-sha256']).toBe(Buffer.from(sha256, 'hex').toString('base64'))
    expect(pathname).toBe('/uploads/1/file/model.h5')
    expect(searchParams.get('partNumber')).toBe(part.number === 3 ? '3' : null)
    expect(searchParams.get('X-Amz-Expires')).toBe('3600')
  })
})

describe('a multipart upload', () => {
  it('says what has arrived and is completed from that, never over another object', async () => {
    s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'multipart-1' })
    s3.on(HeadObjectCommand).rejects(missing)
    s3.on(ListPartsCommand)
      .resolvesOnce({ Parts: [{ PartNumber: 1 }], IsTruncated: true, NextPartNumberMarker: '1' })
      .resolves({ Parts: [{ PartNumber: 2, ETag: '"e"' }] })
    s3.on(CompleteMultipartUploadCommand).resolves({})
    expect(await uploads.begin(large)).toBe('multipart-1')
    expect(await uploads.received(large)).toEqual([1, 2])
    await uploads.finish(large)
    expect(s3.commandCalls(CompleteMultipartUploadCommand)[0]?.args[0].input).toMatchObject({ IfNoneMatch: '*' })
  })
  it('that was completed by a lost call is complete; one that lost to another object is a conflict', async () => {
    s3.on(ListPartsCommand).resolves({ Parts: [] })
    s3.on(CompleteMultipartUploadCommand).rejects(fault('NoSuchUpload', 404))
    s3.on(HeadObjectCommand).rejectsOnce(missing).resolves({ ContentLength: 2500, ETag: '"1"' })
    await expect(uploads.finish(large)).resolves.toBeUndefined()
    s3.on(CompleteMultipartUploadCommand).rejects(fault('PreconditionFailed', 412))
    s3.on(HeadObjectCommand).rejects(missing)
    await expect(uploads.finish(large)).rejects.toThrow(ConflictError)
  })
  it('can be given up twice; a refusal names the permission', async () => {
    s3.on(AbortMultipartUploadCommand).rejects(fault('NoSuchUpload', 404))
    await uploads.abort(large)
    s3.on(CreateMultipartUploadCommand).rejects(fault('AccessDenied', 403))
    await expect(uploads.begin(large)).rejects.toThrow('allow s3:PutObject')
  })
})
