/** The object store as a directory: what the service runs on without AWS, safe for several processes at once. */
import { constants, createReadStream } from 'node:fs'
import * as promises from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConflictError, NotFoundError, StorageError } from '../errors.ts'
import { fileError, isErrno } from './files-errors.ts'
import { listFiles, segmentToName } from './files-list.ts'
import {
  etagOf,
  type FileSystem,
  type Generation,
  GRACE_MS,
  look,
  makeDirectory,
  pathOf,
  prune,
  syncDirectory,
} from './generations.ts'
import { checkedKey, checkedRange } from './keys.ts'
import { createStaging, type Staged } from './staging.ts'
import type { Condition, ObjectInfo, ObjectStore } from './types.ts'

export interface FileStoreDeps {
  readonly fs?: FileSystem
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Of a chunk of a stream. */
const readBytes = 1 << 20

/** Nobody loses this many races in a row; past it something else is wrong, and an endless loop would hide it. */
const MAX_ATTEMPTS = 1000

/** Everything is made on first write: a store of a directory that does not exist is empty. */
export const createFileStore = (directory: string, deps: FileStoreDeps = {}): ObjectStore => {
  const fs = deps.fs ?? promises
  const now = deps.now ?? Date.now
  const root = resolve(directory)
  const staging = createStaging(fs, join(root, '#tmp'), now)

  const objectPath = (key: string): string => `${join(root, ...checkedKey(key).map(segmentToName))}#`

  const guarded = async <T>(doing: string, key: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw fileError(error, doing, key, root)
    }
  }

  const until = async <T>(doing: string, key: string, attempt: () => Promise<T | undefined>): Promise<T> => {
    for (let tries = 0; tries < MAX_ATTEMPTS; tries++) {
      const result = await attempt()
      if (result !== undefined) return result
    }
    throw new StorageError(
      `cannot ${doing} "${key}": gave up after ${MAX_ATTEMPTS} tries; is something else changing ${root}?`,
    )
  }

  const check = (key: string, found: Generation | undefined, condition: Condition | undefined): void => {
    const current = found === undefined || found.ended ? undefined : etagOf(found)
    if (condition === undefined) return
    if ('ifAbsent' in condition) {
      if (current !== undefined) throw new ConflictError(`"${key}" already exists`)
    } else if (current !== condition.ifMatch) {
      throw new ConflictError(
        `"${key}" is not what it was: expected ${condition.ifMatch}, found ${current ?? 'nothing'}`,
      )
    }
  }

  /** Runs `step`; true when it took effect, false when another process was faster and the caller must look again. */
  const won = async (step: () => Promise<void>): Promise<boolean> => {
    try {
      await step()
      return true
    } catch (error) {
      if (isErrno(error, 'EEXIST', 'ENOTEMPTY', 'ENOENT')) return false
      throw error
    }
  }

  const distrustIfLate = (key: string, since: number): void => {
    if (now() - since <= GRACE_MS) return
    throw new StorageError(
      `"${key}": this process stood still for ${Math.round((now() - since) / 1000)} s in the middle of a write, ` +
        'so whether it took effect is unknown; read it again to see',
    )
  }

  /** Takes an ended life out of the way. What fails here is only tidying: the object is already gone. */
  const bury = async (object: string, life: string): Promise<void> => {
    const grave = await staging.place()
    await won(() => fs.rename(join(object, life), grave))
    await staging.remove(grave)
    for (let path = object; path !== root; path = dirname(path)) {
      if (!(await won(() => fs.rmdir(path)))) return
    }
  }

  const begin = async (object: string, staged: Staged): Promise<Generation | undefined> => {
    const began = await won(async () => {
      await makeDirectory(fs, dirname(object))
      await fs.rename(staged.directory, object)
    })
    if (!began) return undefined
    // Gone already when another process deleted the object meanwhile; so with every sync after a change.
    await won(() => syncDirectory(fs, dirname(object)))
    return { life: staged.life, number: 1, ended: false }
  }

  const replace = async (key: string, object: string, staged: Staged, found: Generation, since: number) => {
    const next = { ...found, number: found.number + 1 }
    if (!(await won(() => fs.link(staged.file, pathOf(object, next))))) return undefined
    distrustIfLate(key, since)
    await won(() => syncDirectory(fs, join(object, next.life)))
    await won(() => prune(fs, object, next, now()))
    return next
  }

  const putStaged = (key: string, stage: () => Promise<Staged>, condition?: Condition): Promise<ObjectInfo> => {
    const object = objectPath(key)
    return guarded('write', key, async () => {
      // A write that cannot succeed should fail before its content is copied; the check that counts comes after.
      if (condition !== undefined) check(key, await look(fs, object), condition)
      const staged = await stage()
      try {
        const written = await until('write', key, async () => {
          const since = now()
          const found = await look(fs, object)
          check(key, found, condition)
          if (found === undefined) return begin(object, staged)
          if (!found.ended) return replace(key, object, staged, found, since)
          return void (await bury(object, found.life))
        })
        return { key, size: staged.size, etag: etagOf(written), modifiedAt: staged.modifiedAt }
      } finally {
        await staging.remove(staged.directory)
      }
    })
  }

  /** Runs `read` on the current generation's path, again when a writer takes it away meanwhile. */
  const current = async <T>(key: string, read: (path: string, etag: string) => Promise<T>): Promise<T | undefined> => {
    const object = objectPath(key)
    const result = await until('read', key, async (): Promise<{ value: T | undefined } | undefined> => {
      const found = await look(fs, object)
      if (found === undefined || found.ended) return { value: undefined }
      try {
        return { value: await read(pathOf(object, found), etagOf(found)) }
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return undefined
        throw error
      }
    })
    return result.value
  }

  const opened = async (key: string) => {
    const found = await current(key, async (path, etag) => ({ handle: await fs.open(path, 'r'), etag }))
    if (found === undefined) throw new NotFoundError(`"${key}" does not exist in ${root}`)
    return found
  }

  const putStream = (key: string, body: AsyncIterable<Uint8Array>, condition?: Condition): Promise<ObjectInfo> =>
    putStaged(key, () => staging.write(body), condition)

  /** The same object under another key: a link, or a copy where the file system takes no more links to it. */
  const copied = async ({ key, etag }: ObjectInfo): Promise<Staged> => {
    const staged = await current(key, async (path, found) => {
      if (found !== etag) return undefined
      return staging.link(path).catch((error: unknown) => {
        if (!isErrno(error, 'EMLINK', 'EPERM', 'ENOTSUP')) throw error
        return staging.write(createReadStream(path, { highWaterMark: readBytes }))
      })
    })
    if (staged === undefined) throw new ConflictError(`"${key}" is not what it was when it was read`)
    return staged
  }

  const head = (key: string): Promise<ObjectInfo | undefined> =>
    guarded('read', key, () =>
      current(key, async (path, etag) => {
        const { size, mtime } = await fs.stat(path)
        return { key, size, etag, modifiedAt: mtime }
      }),
    )

  async function* chunks(key: string, start: number, end: number | undefined): AsyncIterable<Uint8Array> {
    try {
      const { handle } = await opened(key)
      try {
        const range = { start, ...(end !== undefined && { end: end - 1 }) }
        yield* handle.createReadStream({ ...range, autoClose: false, highWaterMark: readBytes })
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw fileError(error, 'read', key, root)
    }
  }

  return {
    head,
    putStream,

    get: (key) =>
      guarded('read', key, async () => {
        const { handle, etag } = await opened(key)
        try {
          const body = await handle.readFile()
          return { body, info: { key, size: body.length, etag, modifiedAt: (await handle.stat()).mtime } }
        } finally {
          await handle.close()
        }
      }),

    getFile: (key, path) =>
      guarded('read', key, async () => {
        const found = await current(key, async (from) => {
          await fs.link(from, path).catch((error: unknown) => {
            if (!isErrno(error, 'EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP')) throw error
            return fs.copyFile(from, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
          })
          return true
        })
        if (found === undefined) throw new NotFoundError(`"${key}" does not exist in ${root}`)
      }),

    async stream(key, range) {
      const { start, end } = checkedRange(range)
      if ((await head(key)) === undefined) throw new NotFoundError(`"${key}" does not exist in ${root}`)
      // Opened only when reading begins: a stream that nobody reads must not hold a file open.
      return chunks(key, start, end)
    },

    put: (key, content, condition) => {
      const isBytes = content instanceof Uint8Array
      return putStaged(key, () => (isBytes ? staging.write(once(content)) : copied(content.info)), condition)
    },

    putFile: (key, path, condition) => putStaged(key, () => staging.adopt(path), condition),

    delete: async (key, condition) => {
      const object = objectPath(key)
      await guarded('delete', key, () =>
        until('delete', key, async () => {
          const since = now()
          const found = await look(fs, object)
          check(key, found, condition)
          if (found === undefined) return true
          const last = found.ended ? found : { ...found, number: found.number + 1, ended: true }
          if (!found.ended) {
            if (!(await won(() => fs.symlink('#', pathOf(object, last))))) return undefined
            distrustIfLate(key, since)
            await won(() => syncDirectory(fs, join(object, last.life)))
          }
          await bury(object, last.life)
          return true
        }),
      )
    },

    list: (prefix, options = {}) => guarded('list', prefix, () => listFiles(root, prefix, options, { fs, head })),
  }
}

async function* once(body: Uint8Array): AsyncIterable<Uint8Array> {
  yield body
}
