/**
 * Content-addressed files, and the collection of those that no version uses.
 *
 * Why a collection never takes a blob from under a registration, however they interleave:
 * 1. A collection takes a lease, then looks at a blob's age, then reads which blobs the manifests use, then deletes those
 *    that are older than `KEEP_MS` and unused, then releases the lease.
 * 2. A registration stores its blobs, writing an existing one again when it is older than `KEEP_MS / 4`; waits until no
 *    lease is held; stores missing ones again; and writes its manifest within `KEEP_MS / 4`.
 * A collection that looked before the blob was refreshed is over when the wait ends, and 2 repairs what it took. One that
 * looks later finds the blob too young, until `KEEP_MS` has passed: by then the manifest is there and names it.
 */
import { createHash } from 'node:crypto'
import type { FileReference, Manifest } from '../contract/index.ts'
import { NotFoundError, StorageError } from '../errors.ts'
import type { StoredContent } from '../store/index.ts'
import { type Context, each, objectsBelow } from './context.ts'
import { blobKey, blobsPrefix, collectingPrefix } from './layout.ts'
import { leaseEnd, takeLease } from './leases.ts'
import type { VersionToRegister } from './types.ts'

/** Unused blobs younger than this are kept: a registration may be about to use them. */
export const KEEP_MS = 3600_000

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** Files of a version to be, by blob. */
export type Content = readonly { readonly reference: FileReference; readonly content: Uint8Array | StoredContent }[]

export const contentOf = (files: VersionToRegister['files']): Content =>
  Object.entries(files).map(([path, content]) => {
    const { sha256: hash, size } =
      content instanceof Uint8Array
        ? { sha256: sha256(content), size: content.length }
        : { sha256: content.sha256, size: content.info.size }
    return { reference: { path, sha256: hash, size }, content }
  })

const storeMissing = async ({ store, now }: Context, files: Content): Promise<void> => {
  const unique = new Map(files.map((file) => [file.reference.sha256, file]))
  await each([...unique.values()], async ({ reference, content }) => {
    const key = blobKey(reference.sha256)
    const found = await store.head(key)
    const isFresh = found !== undefined && now().getTime() - found.modifiedAt.getTime() < KEEP_MS / 4
    if (!isFresh || found.size !== reference.size) await store.put(key, content)
  })
}

/** Stores blobs so that no collection takes them while `use` (which must end in writing the manifest) runs. */
export const withBlobs = async <T>(context: Context, content: Content, use: () => Promise<T>): Promise<T> => {
  for (;;) {
    const since = context.now().getTime()
    await storeMissing(context, content)
    await leaseEnd(context, collectingPrefix)
    await storeMissing(context, content)
    if (context.now().getTime() - since < KEEP_MS / 4) return use()
  }
}

/** A blob with its hash and size checked. */
export const readBlob = async (
  { store }: Context,
  { name, version }: Manifest,
  file: FileReference,
): Promise<Uint8Array> => {
  const damaged = (problem: string) =>
    new StorageError(
      `file "${file.path}" of ${name}:${version} is damaged: ${problem}; restore ${blobKey(file.sha256)} from a backup ` +
        'or register the model again',
    )
  let body: Uint8Array
  try {
    body = (await store.get(blobKey(file.sha256))).body
  } catch (error) {
    if (error instanceof NotFoundError) throw damaged('its content is missing')
    throw error
  }
  if (body.length !== file.size) throw damaged(`it has ${body.length} bytes, the manifest says ${file.size}`)
  const hash = sha256(body)
  if (hash !== file.sha256) throw damaged(`its SHA-256 is ${hash}, the manifest says ${file.sha256}`)
  return body
}

/**
 * Deletes blobs that no manifest uses; what it does not finish in one lease, the next call does.
 * `manifests` reads those of all models, and remembers what it has read.
 */
export const collectBlobs = async (context: Context, manifests: () => Promise<readonly Manifest[]>): Promise<void> => {
  const { store, now } = context
  const candidates = async () => {
    const old = []
    for await (const blob of objectsBelow(store, blobsPrefix)) {
      if (now().getTime() - blob.modifiedAt.getTime() > KEEP_MS) old.push(blob)
    }
    return old
  }
  if ((await candidates()).length === 0) return
  // Read outside the lease, which is short: inside it only what is new since then has to be read.
  await manifests()
  const lease = await takeLease(context, collectingPrefix)
  try {
    const old = await candidates()
    const used = new Set((await manifests()).flatMap(({ files }) => files.map((file) => blobKey(file.sha256))))
    await each(
      old.filter(({ key }) => !used.has(key)),
      async ({ key }) => {
        if (lease.isHeld()) await store.delete(key)
      },
    )
  } finally {
    await lease.release()
  }
}
