/** Writes a file so that a crash leaves the old content or the new, never a part. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { messageOf, StorageError } from '../errors.ts'

/** Creates or replaces `path`; its folder must exist. StorageError names the path and the reason. */
export const writeFileAtomically = async (
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> => {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw new StorageError(`cannot write ${path}: ${messageOf(cause)}`, { cause, param: path })
  }
}
