/**
 * One object of the file store: a directory whose files are the object's generations, changed without locks.
 *
 * `production.json#/k3f9…/7` is generation 7 in the life `k3f9…` of the object `production.json`.
 * - A life begins whole: a directory that already holds generation 1 is renamed into place, which fails when one is there.
 * - It grows by link(2) to the next number: EEXIST means that another writer won. Readers take the highest number.
 * - It ends in a symbolic link of the next number, after which nothing is ever added, so that it can be moved away.
 * A lower name is freed only when it is older than `GRACE_MS`; a writer that took longer than that between looking and
 * linking may have taken a freed name, so it does not trust its own success. Nothing here outlives kill -9 as a lock.
 */
import type * as promises from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StorageError } from '../errors.ts'
import { isErrno } from './files-errors.ts'

/** What the file store needs from node:fs/promises. */
export type FileSystem = Pick<
  typeof promises,
  | 'copyFile'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'symlink'
  | 'unlink'
  | 'utimes'
>

export const GRACE_MS = 30_000

export interface Generation {
  readonly life: string
  readonly number: number
  /** True when this generation marks the end of the life: the object is deleted. */
  readonly ended: boolean
}

export const etagOf = ({ life, number }: Generation): string => `${life}.${number}`
export const pathOf = (object: string, { life, number }: Generation): string => join(object, life, String(number))

/** The highest generation, ended or not; undefined when there is no life. */
export const look = async (fs: FileSystem, object: string): Promise<Generation | undefined> => {
  for (let tries = 0; tries < MAX_LOOKS; tries++) {
    const lives = (await namesIn(fs, object)).filter((name) => /^[0-9a-f]{16}$/.test(name))
    const [life] = lives
    if (life === undefined) return undefined
    if (lives.length > 1) throw new StorageError(`${object} is damaged: it has ${lives.length} lives, one is allowed`)
    const entries = await entriesIn(fs, join(object, life))
    const found = entries
      .filter((entry) => /^\d+$/.test(entry.name))
      .map((entry) => ({ life, number: Number(entry.name), ended: entry.isSymbolicLink() }))
      .reduce<Generation | undefined>((a, b) => (a !== undefined && a.number > b.number ? a : b), undefined)
    if (found !== undefined && (entries.length <= ONE_READ || (await isHighest(fs, object, found)))) return found
  }
  throw new StorageError(`${object} is damaged: it has no content`)
}

/** Bounds the loop over a life that is moved away, and made anew, while it is being read. */
const MAX_LOOKS = 100

/** A directory of so few entries is read by one system call, so that no change can fall into the middle. */
const ONE_READ = 500

/** True when no higher one had been made at the moment of the first question: names are freed in rising order. */
const isHighest = async (fs: FileSystem, object: string, found: Generation): Promise<boolean> => {
  const exists = (number: number): Promise<boolean> =>
    fs.lstat(pathOf(object, { ...found, number })).then(
      () => true,
      (error) => {
        if (isErrno(error, 'ENOENT')) return false
        throw error
      },
    )
  return !(await exists(found.number + 1)) && (await exists(found.number))
}

export const entriesIn = async (fs: FileSystem, path: string) => {
  try {
    return await fs.readdir(path, { withFileTypes: true })
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

export const namesIn = async (fs: FileSystem, path: string): Promise<readonly string[]> =>
  (await entriesIn(fs, path)).map((entry) => entry.name)

/** Frees the lower generations that no writer can still be aiming at. */
export const prune = async (fs: FileSystem, object: string, current: Generation, now: number): Promise<void> => {
  const numbers = (await namesIn(fs, join(object, current.life))).map(Number).filter((n) => n < current.number)
  for (const number of numbers.sort((a, b) => a - b)) {
    const path = pathOf(object, { ...current, number })
    // ctime is at least the time of the link, whatever time the content was written at.
    if (now - (await fs.stat(path)).ctimeMs <= GRACE_MS) return
    await fs.unlink(path)
  }
}

/** Makes the entries of a directory durable. */
export const syncDirectory = async (fs: FileSystem, path: string): Promise<void> => {
  const handle = await fs.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** mkdir -p whose result survives a power cut. */
export const makeDirectory = async (fs: FileSystem, path: string): Promise<void> => {
  const first = await fs.mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(fs, dirname(made))
    if (made === first) return
  }
}
