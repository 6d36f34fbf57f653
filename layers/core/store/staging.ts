/** Where the file store writes before anything is visible, and how it clears away what dead writers left there. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { StorageError } from '../errors.ts'
import { isErrno } from './files-errors.ts'
import { type FileSystem, makeDirectory, namesIn, syncDirectory } from './generations.ts'
import { fromSource } from './source.ts'

/** Nobody writes for so long: covers writers on other machines, and process ids that were given out again. */
const ABANDONED_MS = 24 * 3600_000
const SWEEP_EVERY_MS = 10 * 60_000
/** Written at once. */
const pieceBytes = 1 << 20

export interface Staged {
  /** A directory that holds `life`, which holds the content as generation `1`. */
  readonly directory: string
  readonly life: string
  readonly file: string
  readonly size: number
  readonly modifiedAt: Date
}

export interface Staging {
  /** Writes and syncs; leaves nothing behind when it fails. */
  write(body: AsyncIterable<Uint8Array>): Promise<Staged>
  /** Takes the content of an object of the same store, which was synced when it was written, as its own. */
  link(path: string): Promise<Staged>
  /** Takes a finished file from elsewhere over, and syncs it; a copy of it from another file system. */
  adopt(path: string): Promise<Staged>
  remove(path: string): Promise<void>
  /** A fresh name in the staging directory, on the same file system as the objects. */
  place(): Promise<string>
}

const here = Buffer.from(hostname()).toString('hex').slice(0, 24)

const isDead = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return isErrno(error, 'ESRCH')
  }
}

/** Chunks of some 64 KiB, as requests bring them, by the piece: a call of the disk for each costs more than its writing. */
async function* inPieces(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array[]> {
  let [chunks, bytes]: [Uint8Array[], number] = [[], 0]
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes < pieceBytes) continue
    yield chunks
    ;[chunks, bytes] = [[], 0]
  }
  if (bytes > 0) yield chunks
}

const writeAll = async (handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> => {
  const { bytesWritten } = await handle.writev([...chunks])
  const rest = chunks.reduce((sum, { length }) => sum + length, -bytesWritten)
  // A full disk takes a part; the rest then says why.
  if (rest > 0) await handle.writeFile(Buffer.concat(chunks).subarray(-rest))
}

export const createStaging = (fs: FileSystem, directory: string, now: () => number): Staging => {
  let sweptAt = Number.NEGATIVE_INFINITY

  /** What cannot be removed now is swept later, and is no reason to call a finished write failed. */
  const remove = (path: string): Promise<void> => fs.rm(path, { recursive: true, force: true }).catch(() => undefined)

  const isAbandoned = async (name: string): Promise<boolean> => {
    const [host, pid] = name.split('-')
    if (host === here && isDead(Number(pid))) return true
    try {
      return now() - (await fs.stat(join(directory, name))).mtimeMs > ABANDONED_MS
    } catch (error) {
      // Another sweeper was faster.
      if (isErrno(error, 'ENOENT')) return false
      throw error
    }
  }

  const sweep = async (): Promise<void> => {
    if (now() - sweptAt < SWEEP_EVERY_MS) return
    sweptAt = now()
    for (const name of await namesIn(fs, directory)) {
      if (await isAbandoned(name)) await remove(join(directory, name))
    }
  }

  const place = async (): Promise<string> => {
    await sweep()
    await makeDirectory(fs, directory)
    return join(directory, `${here}-${process.pid}-${randomBytes(8).toString('hex')}`)
  }

  const fill = async (file: string, body: AsyncIterable<Uint8Array>) => {
    const handle = await fs.open(file, 'wx')
    try {
      let writing: Promise<void> | undefined
      for await (const chunks of inPieces(fromSource(body))) {
        await writing
        writing = writeAll(handle, chunks)
        // Whoever waits for it next learns of its failure.
        writing.catch(() => {})
      }
      await writing
      await handle.sync()
      return await handle.stat()
    } finally {
      await handle.close()
    }
  }

  const stageBy = async (fillFile: (file: string) => Promise<{ readonly size: number; readonly mtime: Date }>) => {
    const stage = await place()
    const life = randomBytes(8).toString('hex')
    const file = join(stage, life, '1')
    try {
      await fs.mkdir(join(stage, life), { recursive: true })
      const info = await fillFile(file)
      await syncDirectory(fs, join(stage, life))
      await syncDirectory(fs, stage)
      return { directory: stage, life, file, size: info.size, modifiedAt: info.mtime }
    } catch (error) {
      await remove(stage)
      throw error
    }
  }

  return {
    write: (body) => stageBy((file) => fill(file, body)),
    link: (path) =>
      stageBy(async (file) => {
        await fs.link(path, file)
        // As old as what was written now: whoever deletes by age must not take the copy for the original.
        const at = new Date(now())
        await fs.utimes(file, at, at)
        return fs.stat(file)
      }),
    adopt: (path) =>
      stageBy(async (file) => {
        // A link would lead to what its maker may not have been allowed to read.
        if (!(await fs.lstat(path)).isFile()) throw new StorageError(`${path} is no file`)
        try {
          await fs.rename(path, file)
        } catch (error) {
          if (!isErrno(error, 'EXDEV')) throw error
          return fill(file, createReadStream(path))
        }
        const handle = await fs.open(file, 'r')
        try {
          await handle.sync()
          return await handle.stat()
        } finally {
          await handle.close()
        }
      }),
    remove,
    place,
  }
}
