/** Object stores: a folder of files here, S3 in `@maas/core/store/s3` so that only those who use it load the AWS SDK. */
export { createFileStore, type FileStoreDeps } from './files.ts'
export { checkedKey } from './keys.ts'
export { measureFile } from './measure-file.ts'
export { type OpenStoreOptions, openStore, openUploads } from './open.ts'
export * from './records.ts'
export * from './types.ts'
export * from './uploads.ts'
