/** Packs image folders: zips whose bytes depend on the files alone. */
import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { zipSync } from 'fflate'
import { messageOf, StorageError } from '../errors.ts'

export interface ArchiveFile {
  /** `/`-separated. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** No clock: the same files give the same zip. */
const timestamp = new Date(2000, 0, 1)

/** Stores the files (images do not compress) and moves the zip into place once it is whole. */
export async function writeImageFolderZip(path: string, files: readonly ArchiveFile[]): Promise<void> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  const bytes = zipSync(Object.fromEntries(sorted.map((file) => [file.path, file.bytes])), {
    level: 0,
    mtime: timestamp,
  })
  const partial = `${path}.${randomUUID()}.partial`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(partial, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined)
    throw new StorageError(`${path} cannot be written: ${messageOf(cause)}.`, { cause })
  }
}
