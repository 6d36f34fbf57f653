/** How large files reach an object store without passing through the service: in parts, each by an address made for it. */
import type { ObjectStore } from './types.ts'

/** One file on its way. */
export interface FileUpload {
  readonly key: string
  readonly size: number
  readonly sha256: string
  readonly partBytes: number
  /** What `begin` answered. */
  readonly token: string
}

export interface PartRequest {
  readonly number: number
  readonly size: number
  readonly sha256: string
}

export interface PartAddress {
  /** Absolute, or a path of the service itself. */
  readonly url: string
  /** To be sent as they are; they are part of the signature. */
  readonly headers: Readonly<Record<string, string>>
}

export interface UploadPort {
  /** Bytes of a part. @default the contract's, which suits a way over the internet */
  readonly partBytes?: number
  begin(file: Omit<FileUpload, 'token'>): Promise<string>
  address(file: FileUpload, part: PartRequest): Promise<PartAddress>
  /** Numbers of the parts that have arrived. */
  received(file: FileUpload): Promise<readonly number[]>
  /** Makes the parts one object, which never replaces another. ConflictError when that is not possible yet. */
  finish(file: FileUpload): Promise<void>
  /** Parts that arrived are deleted. Nothing to abort is fine. */
  abort(file: FileUpload): Promise<void>
}

export const partsOf = ({ size, partBytes }: Pick<FileUpload, 'size' | 'partBytes'>): number =>
  Math.max(1, Math.ceil(size / partBytes))

/** A file in one part lies at its key as soon as it has arrived whole. */
export const isThere = async (store: ObjectStore, { key, size }: Pick<FileUpload, 'key' | 'size'>): Promise<boolean> =>
  (await store.head(key))?.size === size
