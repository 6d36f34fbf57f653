/** Opens the store that a URI names: an S3 bucket, or a directory of this machine. */
import { fileURLToPath } from 'node:url'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { InvalidInputError } from '../errors.ts'
import { createFileStore } from './files.ts'
import type { ObjectStore } from './types.ts'

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
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(uri)
  if (match === null) return refuse('no valid bucket name')
  const [{ S3Client }, { createS3Store }] = await Promise.all([import('@aws-sdk/client-s3'), import('./s3.ts')])
  const [, bucket = '', prefix = ''] = match
  return createS3Store({ client: new S3Client(options.s3 ?? {}), bucket, prefix })
}
