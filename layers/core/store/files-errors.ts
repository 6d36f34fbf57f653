/** Turns the file system's errno errors into StorageErrors that say what to do. */
import { InvalidInputError, MaasError, StorageError } from '../errors.ts'
import { SourceError } from './source.ts'

const advice: Readonly<Record<string, (root: string) => string>> = {
  ENOSPC: (root) => `the disk of ${root} is full; free some space there (or choose another root) and repeat`,
  EDQUOT: (root) => `the disk quota of ${root} is used up; free some space there (or choose another root) and repeat`,
  EROFS: (root) => `${root} is on a read-only file system; mount it writable or choose another root`,
  EACCES: (root) => `this user may not read or write under ${root}; change its owner or mode`,
  EPERM: (root) => `the file system of ${root} refused; it must allow this user to write and to make hard links`,
  ENOTSUP: (root) => `the file system of ${root} has no hard links; choose a root on a local disk`,
  EXDEV: (root) => `${root} spans several file systems; keep all of it on one`,
  EMFILE: () => 'this process has too many open files; raise the limit (ulimit -n) and repeat',
  ENFILE: () => 'this machine has too many open files; raise its limit and repeat',
  EIO: (root) => `the disk of ${root} reported an I/O error; check the disk and restore from a backup if need be`,
  ENOTDIR: (root) => `a file stands where a directory should be; is ${root} really the root of a store?`,
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

export const isErrno = (error: unknown, ...codes: readonly string[]): boolean => codes.includes(codeOf(error) ?? '')

/** What to throw for anything that went wrong while `doing` ("write", "read"…) `key` below `root`. */
export const fileError = (error: unknown, doing: string, key: string, root: string): unknown => {
  if (error instanceof SourceError) return error.cause
  const code = codeOf(error)
  if (error instanceof MaasError || code === undefined) return error
  if (code === 'ENAMETOOLONG') {
    return new InvalidInputError(`key ${JSON.stringify(key)} makes too long a file name below ${root}`, {
      param: 'key',
    })
  }
  const why = advice[code]?.(root) ?? `${root}: ${error instanceof Error ? error.message : code}`
  return new StorageError(`cannot ${doing} "${key}": ${why} (${code})`, { cause: error })
}
