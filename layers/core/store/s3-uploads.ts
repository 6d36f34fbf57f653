/** Uploads straight to S3: presigned PUTs and multipart uploads whose length and SHA-256 are part of the signature. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type Part,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { ConflictError } from '../errors.ts'
import { isConflict, s3Error } from './s3-errors.ts'
import type { ObjectStore } from './types.ts'
import { type FileUpload, isThere, type PartRequest, partsOf, type UploadPort } from './uploads.ts'

export interface S3UploadOptions {
  readonly client: S3Client
  readonly bucket: string
  readonly store: ObjectStore
  /** As the store's. */
  readonly prefix?: string
  /** Seconds that an address is good for. @default an hour */
  readonly seconds?: number
}

/** Headers that must stay headers, and be signed: query parameters would be checked by nobody. */
const signed = new Set(['host', 'content-length', 'x-amz-checksum-sha256', 'if-none-match'])

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

const isGone = (error: unknown): boolean => error instanceof Error && error.name === 'NoSuchUpload'

export const createS3Uploads = ({ client, bucket, store, prefix, seconds = 3600 }: S3UploadOptions): UploadPort => {
  const base = prefix?.replace(/^\/+|\/+$/g, '') ?? ''
  const keyOf = (key: string): string => (base === '' ? key : `${base}/${key}`)
  const target = ({ key }: Pick<FileUpload, 'key'>) => ({ Bucket: bucket, Key: keyOf(key) })
  const isSingle = (file: Pick<FileUpload, 'size' | 'partBytes'>) => partsOf(file) === 1

  const called = async <T>({ key }: Pick<FileUpload, 'key'>, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      throw s3Error(error, 'write', { bucket, key: keyOf(key) })
    }
  }

  const parts = async (file: FileUpload): Promise<Part[]> => {
    const found: Part[] = []
    let marker: string | undefined
    do {
      const page = await client.send(
        new ListPartsCommand({
          ...target(file),
          UploadId: file.token,
          ...(marker !== undefined && { PartNumberMarker: marker }),
        }),
      )
      found.push(...(page.Parts ?? []))
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    return found
  }

  const presign = (file: FileUpload, { number, size, sha256 }: PartRequest): Promise<string> => {
    const content = { ...target(file), ContentLength: size, ChecksumSHA256: base64(sha256) }
    const options = { expiresIn: seconds, signableHeaders: signed, unhoistableHeaders: signed }
    return isSingle(file)
      ? getSignedUrl(client, new PutObjectCommand({ ...content, IfNoneMatch: '*' }), options)
      : getSignedUrl(client, new UploadPartCommand({ ...content, UploadId: file.token, PartNumber: number }), options)
  }

  return {
    begin: (file) =>
      called(file, async () => {
        if (isSingle(file)) return ''
        const { UploadId = '' } = await client.send(
          new CreateMultipartUploadCommand({ ...target(file), ChecksumAlgorithm: 'SHA256' }),
        )
        return UploadId
      }),

    address: (file, part) =>
      called(file, async () => {
        const url = await presign(file, part)
        return {
          url,
          headers: {
            'x-amz-checksum-sha256': base64(part.sha256),
            ...(isSingle(file) && { 'if-none-match': '*' }),
          },
        }
      }),

    received: (file) =>
      called(file, async () => {
        if (await isThere(store, file)) return Array.from({ length: partsOf(file) }, (_, index) => index + 1)
        if (isSingle(file)) return []
        try {
          return (await parts(file)).map(({ PartNumber = 0 }) => PartNumber)
        } catch (error) {
          if (isGone(error)) return []
          throw error
        }
      }),

    finish: (file) =>
      called(file, async () => {
        if (isSingle(file) || (await isThere(store, file))) return
        const Parts = (await parts(file)).map(({ PartNumber, ETag, ChecksumSHA256 }) => ({
          PartNumber,
          ETag,
          ...(ChecksumSHA256 !== undefined && { ChecksumSHA256 }),
        }))
        try {
          await client.send(
            new CompleteMultipartUploadCommand({
              ...target(file),
              UploadId: file.token,
              MultipartUpload: { Parts },
              IfNoneMatch: '*',
            }),
          )
        } catch (error) {
          // Completed by a rival, or by a call of ours whose answer was lost.
          if ((isGone(error) || isConflict(error)) && (await isThere(store, file))) return
          if (isConflict(error)) throw new ConflictError(`"${file.key}" is there already`, { cause: error })
          throw error
        }
      }),

    abort: (file) =>
      called(file, async () => {
        if (isSingle(file)) return
        try {
          await client.send(new AbortMultipartUploadCommand({ ...target(file), UploadId: file.token }))
        } catch (error) {
          if (!isGone(error)) throw error
        }
      }),
  }
}
