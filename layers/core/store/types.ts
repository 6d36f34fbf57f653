/** The object store: the only thing the service needs from S3, small enough that a folder of files can be one. */

/** An opaque version of an object's content, as `If-Match` takes it. */
export type ETag = string

export interface ObjectInfo {
  readonly key: string
  readonly size: number
  readonly etag: ETag
  readonly modifiedAt: Date
}

/** An object that was read whole, as `storedContent` gives it; it need not be in memory. */
export interface StoredContent {
  readonly info: ObjectInfo
  readonly sha256: string
}

/** A write happens always, only when the key is absent, or only when it still has this etag. */
export type Condition = { readonly ifAbsent: true } | { readonly ifMatch: ETag }

export interface ListPage {
  readonly objects: readonly ObjectInfo[]
  /** With a delimiter: the "folders" at this level, each ending in the delimiter. */
  readonly prefixes: readonly string[]
  /** Give it to the next call; absent on the last page. */
  readonly next?: string
}

/**
 * Keys are `/`-separated, 1-1024 bytes of UTF-8, without empty, `.` or `..` segments, segments over 200 bytes or control
 * characters; anything else is an InvalidInputError.
 * Failures of the medium are StorageErrors that name the key and the reason.
 */
export interface ObjectStore {
  /** Whole content; NotFoundError when absent. */
  get(key: string): Promise<{ readonly body: Uint8Array; readonly info: ObjectInfo }>
  /**
   * The content as a file to be read, where there must be none yet: a link to the store's own where that can be. NotFoundError
   * when absent. A failure may leave a part of it.
   */
  getFile(key: string, path: string): Promise<void>
  /**
   * Content as a stream of chunks, to be iterated once; NotFoundError when absent.
   * Of a byte range (end exclusive) comes the part that exists, which may be nothing.
   */
  stream(key: string, range?: { readonly start: number; readonly end?: number }): Promise<AsyncIterable<Uint8Array>>
  /** Undefined when absent. */
  head(key: string): Promise<ObjectInfo | undefined>
  /**
   * Atomic: readers see the old content or the new, never a part. ConflictError when `condition` does not hold.
   * What lies in this store under another key is copied there; ConflictError when it is gone or another one by now.
   */
  put(key: string, content: Uint8Array | StoredContent, condition?: Condition): Promise<ObjectInfo>
  /** Atomic like `put`, for content that need not fit in memory. */
  putStream(key: string, body: AsyncIterable<Uint8Array>, condition?: Condition): Promise<ObjectInfo>
  /** Like `put`, of a file that nobody needs any more: a store on the same file system takes it over. StorageError for what is no file. */
  putFile(key: string, path: string, condition?: Condition): Promise<ObjectInfo>
  /** Absent keys are fine, unless `ifMatch` is given: then ConflictError. */
  delete(key: string, condition?: { readonly ifMatch: ETag }): Promise<void>
  /**
   * In key order: by bytes of UTF-8. `delimiter` groups keys into prefixes, as S3 does; `after` leaves out all up to
   * that key or whole prefix; `limit` (1-1000, default 1000) counts objects and prefixes together.
   */
  list(
    prefix: string,
    options?: { readonly delimiter?: '/'; readonly after?: string; readonly limit?: number },
  ): Promise<ListPage>
}
