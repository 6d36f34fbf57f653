/** Opens the store that a URI names: an S3 bucket, or a directory of this machine. */
import { fileURLToPath } from 'node:url'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { InvalidInputError } from '../errors.ts'
import { createFileStore } from './files.ts'
import type { ObjectStore } from './types.ts'
import type { UploadPort } from './uploads.ts'

export interface OpenStoreOptions {
  /** Region, endpoint, credentials… for `s3://`; by default the SDK's own chain (environment, profile, role). */
  readonly s3?: S3ClientConfig
}

/** `s3://bucket/prefix`, `file:///path` or a plain path. */
export const openStore = async (uri: string, options: OpenStoreOptions = {}): Promise<ObjectStore> => {
  const refuse = (problem: string): never => {
    throw new InvalidInputError(
      `store ${JSON.stringify(uri)}: ${problem}; allowed are a directory, file:///directory and s3://bucket/prefix`,
      { param: 'store' },
    )
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(uri)?.[1]?.toLowerCase()
  if (uri.trim() === '' || uri.includes('\0')) return refuse('is empty or has a NUL')
  if (scheme === undefined) return createFileStore(uri)
  if (scheme === 'file') {
    if (!/^file:\/\/\//i.test(uri)) return refuse('a file URI has three slashes')
    return createFileStore(fileURLToPath(uri))
  }
  if (scheme !== 's3') return refuse(`unknown scheme "${scheme}"`)
  const place = await openBucket(uri, options)
  if (place !== undefined) return (await import('./s3.ts')).createS3Store(place)
  return refuse('no valid bucket name')
}

/** A bucket and a prefix, or undefined for what is no `s3://bucket/prefix`. */
const openBucket = async (uri: string, { s3 = {} }: OpenStoreOptions) => {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(uri)
  if (match === null) return undefined
  const { S3Client } = await import('@aws-sdk/client-s3')
  const [, bucket = '', prefix = ''] = match
  return { client: new S3Client(s3), bucket, prefix }
}

/** How files reach the bucket that a URI names without passing through this process. */
export const openUploads = async (
  uri: string,
  store: ObjectStore,
  options: OpenStoreOptions = {},
): Promise<UploadPort> => {
  const place = await openBucket(uri, options)
  if (place === undefined) {
    throw new InvalidInputError(`store ${JSON.stringify(uri)}: only a bucket takes uploads`, { param: 'store' })
  }
  const { createS3Uploads } = await import('./s3-uploads.ts')
  return createS3Uploads({ ...place, store })
}
