/** The object store on S3: conditional writes by If-None-Match and If-Match, checksums by the SDK's defaults. */

import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.ts'
import { byKey, checkedKey, checkedLimit, checkedPrefix, checkedRange } from './keys.ts'
import { readBody } from './s3-body.ts'
import { type Action, isBehindTheEnd, isConflict, isMissing, s3Error } from './s3-errors.ts'
import { fromSource } from './source.ts'
import type { Condition, ListPage, ObjectInfo, ObjectStore } from './types.ts'

export interface S3StoreOptions {
  readonly client: S3Client
  readonly bucket: string
  /** Everything lies below it, e.g. `team-a`; default: the bucket's root. */
  readonly prefix?: string
  /** Longest wait for the next chunk of a body that is being read; default 60 s. */
  readonly stallMs?: number
  /** Time of a write, which S3 does not tell; default the system's. */
  readonly now?: () => Date
}

/** Whole reads that a broken body may cost; the SDK repeats requests, but not the reading of their bodies. */
const READ_ATTEMPTS = 3
/** Name of the metadata by which a writer knows its own object again. */
const WRITER = 'maas-write'
/** Sorts behind every key that has the same prefix. */
const LAST = '\u{10FFFF}'

const conditionHeaders = (condition: Condition | undefined) => {
  if (condition === undefined) return {}
  return 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }
}

const attemptsOf = (error: unknown): number | undefined =>
  error instanceof Error && '$metadata' in error
    ? (error.$metadata as { readonly attempts?: number } | undefined)?.attempts
    : undefined

export const createS3Store = (options: S3StoreOptions): ObjectStore => {
  const { client, bucket, stallMs = 60_000, now = () => new Date() } = options
  const base = options.prefix?.replace(/^\/+|\/+$/g, '') ?? ''
  const root = base === '' ? '' : `${checkedKey(base).join('/')}/`

  const fullKey = (key: string): string => {
    checkedKey(key)
    const full = `${root}${key}`
    if (Buffer.byteLength(full) <= 1024) return full
    throw new InvalidInputError(`key "${key}" with the prefix "${root}" is over S3's 1024 bytes`, { param: 'key' })
  }

  const nameOf = (key: string): string => `s3://${bucket}/${root}${key}`

  const called = async <T>(action: Action, key: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      throw s3Error(error, action, { bucket, key: `${root}${key}` })
    }
  }

  const infoOf = (
    key: string,
    { ContentLength: size = 0, ETag: etag = '', LastModified: modifiedAt = now() }: HeadObjectCommandOutput,
  ): ObjectInfo => ({ key, size, etag, modifiedAt })

  const rawHead = async (key: string) => {
    try {
      return await client.send(new HeadObjectCommand({ Bucket: bucket, Key: fullKey(key) }))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /**
   * Our own write, when the SDK repeated a request that had already succeeded: its reply was lost, and the
   * condition no longer held the second time. Taking that for a lost race would do the work twice.
   */
  const ownWrite = async (key: string, writer: string, error: unknown): Promise<ObjectInfo | undefined> => {
    if (attemptsOf(error) === 1) return undefined
    const found = await rawHead(key)
    return found?.Metadata?.[WRITER] === writer ? infoOf(key, found) : undefined
  }

  const write = (
    key: string,
    condition: Condition | undefined,
    send: (params: {
      readonly Bucket: string
      readonly Key: string
      readonly Metadata: Record<string, string>
      readonly IfNoneMatch?: string
      readonly IfMatch?: string
    }) => Promise<{ readonly etag: string; readonly size: number }>,
  ): Promise<ObjectInfo> =>
    called('write', key, async () => {
      const writer = randomUUID()
      const params = {
        Bucket: bucket,
        Key: fullKey(key),
        Metadata: { [WRITER]: writer },
        ...conditionHeaders(condition),
      }
      try {
        const { etag, size } = await send(params)
        return { key, size, etag, modifiedAt: now() }
      } catch (error) {
        if (condition === undefined || !(isConflict(error) || isMissing(error))) throw error
        const own = await ownWrite(key, writer, error)
        if (own !== undefined) return own
        const what = 'ifAbsent' in condition ? 'already exists' : 'is not what it was'
        throw new ConflictError(`"${key}" ${what}, or is being written at this moment`, { cause: error })
      }
    })

  const open = async (key: string, how: { readonly Range?: string; readonly IfMatch?: string } = {}) => {
    try {
      return await client.send(new GetObjectCommand({ Bucket: bucket, Key: fullKey(key), ...how }))
    } catch (error) {
      if (isMissing(error)) throw new NotFoundError(`${nameOf(key)} does not exist`, { cause: error })
      throw error
    }
  }

  const bodyOf = (key: string, reply: Awaited<ReturnType<typeof open>>): AsyncIterable<Uint8Array> =>
    readBody((reply.Body ?? Readable.from([])) as AsyncIterable<Uint8Array>, {
      name: nameOf(key),
      size: reply.ContentLength,
      stallMs,
    })

  const readOnce = async (key: string) => {
    const reply = await open(key)
    const chunks: Uint8Array[] = []
    for await (const chunk of bodyOf(key, reply)) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const info = { key, size: body.length, etag: reply.ETag ?? '', modifiedAt: reply.LastModified ?? now() }
    return { body, info }
  }

  async function* chunks(key: string, reply: Awaited<ReturnType<typeof open>>): AsyncIterable<Uint8Array> {
    try {
      yield* bodyOf(key, reply)
    } catch (error) {
      throw s3Error(error, 'read', { bucket, key: `${root}${key}` })
    }
  }

  const putBytes = (key: string, body: Uint8Array, condition?: Condition): Promise<ObjectInfo> =>
    write(key, condition, async (params) => {
      const { ETag } = await client.send(new PutObjectCommand({ ...params, Body: body, ContentLength: body.length }))
      return { etag: ETag ?? '', size: body.length }
    })

  const putStream: ObjectStore['putStream'] = (key, body, condition) =>
    write(key, condition, async (params) => {
      let size = 0
      const counted = async function* () {
        for await (const chunk of fromSource(body)) {
          size += chunk.length
          yield chunk
        }
      }
      const upload = new Upload({
        client,
        params: { ...params, Body: Readable.from(counted(), { objectMode: false }) },
      })
      const { ETag } = await upload.done()
      return { etag: ETag ?? '', size }
    })

  /** The object while it is still the one of that etag. */
  const same = async ({ key, etag }: ObjectInfo): Promise<AsyncIterable<Uint8Array>> => {
    try {
      return chunks(key, await open(key, { IfMatch: etag }))
    } catch (error) {
      if (!isConflict(error) && !(error instanceof NotFoundError)) throw error
      throw new ConflictError(`"${key}" is not what it was when it was read`, { cause: error })
    }
  }

  return {
    get: (key) =>
      called('read', key, async () => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await readOnce(key)
          } catch (error) {
            if (error instanceof NotFoundError || isRefusal(error) || attempt === READ_ATTEMPTS) throw error
          }
        }
      }),

    getFile: (key, path) =>
      called('read', key, async () => {
        await pipeline(chunks(key, await open(key)), createWriteStream(path, { flags: 'wx' }))
      }),

    stream: (key, range) =>
      called('read', key, async () => {
        const { start, end } = checkedRange(range)
        try {
          const how = range && { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` }
          return chunks(key, await open(key, how))
        } catch (error) {
          if (isBehindTheEnd(error)) return Readable.from([])
          throw error
        }
      }),

    head: (key) =>
      called('read', key, async () => {
        const found = await rawHead(key)
        return found && infoOf(key, found)
      }),

    put: (key, content, condition) =>
      content instanceof Uint8Array
        ? putBytes(key, content, condition)
        : called('read', content.info.key, async () => putStream(key, await same(content.info), condition)),
    putFile: async (key, path, condition) => putBytes(key, await readFile(path), condition),
    putStream,

    delete: (key, condition) =>
      called('delete', key, async () => {
        try {
          // S3 takes an absent key for success whatever the condition; a caller with a condition wants to know.
          if (condition !== undefined && (await rawHead(key)) === undefined) throw new ConflictError(`"${key}" is gone`)
          await client.send(
            new DeleteObjectCommand({
              Bucket: bucket,
              Key: fullKey(key),
              ...(condition && { IfMatch: condition.ifMatch }),
            }),
          )
        } catch (error) {
          if (condition === undefined && isMissing(error)) return
          if (!isConflict(error) && !isMissing(error)) throw error
          throw new ConflictError(`"${key}" is not what it was`, { cause: error })
        }
      }),

    list: (prefix, { delimiter, after = '', limit } = {}) =>
      called('list', prefix, async () => {
        checkedPrefix(prefix)
        const start = after === '' ? undefined : `${root}${after}${delimiter && after.endsWith('/') ? LAST : ''}`
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: `${root}${prefix}`,
            MaxKeys: checkedLimit(limit),
            ...(delimiter !== undefined && { Delimiter: delimiter }),
            ...(start !== undefined && { StartAfter: start }),
          }),
        )
        return pageOf(page, root)
      }),
  }
}

const isRefusal = (error: unknown): boolean => {
  const status = error instanceof Error && '$metadata' in error && (error.$metadata as { httpStatusCode?: number })
  return status !== false && status.httpStatusCode !== undefined && status.httpStatusCode >= 400
}

const pageOf = (page: ListObjectsV2CommandOutput, root: string): ListPage => {
  const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, ETag = '', LastModified = new Date(0) }) => ({
    key: Key.slice(root.length),
    size: Size,
    etag: ETag,
    modifiedAt: LastModified,
  }))
  const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(root.length))
  const last = [objects.at(-1)?.key, prefixes.at(-1)]
    .filter((key) => key !== undefined)
    .sort(byKey)
    .at(-1)
  return { objects, prefixes, ...(page.IsTruncated && last !== undefined && { next: last }) }
}
