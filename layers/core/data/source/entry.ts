/** What every source of files looks like, and which names inside one are refused or passed over. */
import { limits } from '../../contract/index.ts'
import { InvalidInputError, TooLargeError } from '../../errors.ts'

export interface SourceEntry {
  /** `/`-separated, without leading slash. */
  readonly path: string
  /** Bytes once unpacked; unknown for files in a folder until they are read. */
  readonly size?: number
}

/** A file's whole content, or why it cannot be had; one damaged file does not end the reading. */
export type SourceFile =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly problem: string }

/** A folder, an archive or a single file, listed without reading any content. */
export interface Source {
  /** Last part of the location, for reports. */
  readonly name: string
  readonly kind: 'directory' | 'zip' | 'tar' | 'file'
  /** In the order in which they are read. */
  readonly entries: readonly SourceEntry[]
  /** Folders that are named in their own right, so that empty ones can be told from absent ones. */
  readonly folders: readonly string[]
  /** Files for which `wanted` holds, in the order of `entries`; nothing else is unpacked. */
  read(wanted: (path: string) => boolean, options?: ReadOptions): AsyncIterable<SourceFile>
}

export interface ReadOptions {
  /** @default limits.archiveEntryBytes */
  readonly maxBytes?: number
  readonly signal?: AbortSignal | undefined
}

/** Collects a listing under the rules that hold for archives and folders alike. */
export class Listing {
  readonly entries: SourceEntry[] = []
  readonly folders: string[] = []
  readonly #seen = new Set<string>()
  readonly source: string

  constructor(source: string) {
    this.source = source
  }

  /** The entry's clean path, or undefined for what is no data (see `isClutter`). */
  add(path: string, what: 'file' | 'folder' | 'link' | 'other', size?: number): string | undefined {
    const clean = this.#clean(path)
    if (what === 'link') {
      throw this.#refuse(path, 'is a link. Links are not followed; put the files themselves there')
    }
    if (what === 'other') throw this.#refuse(path, 'is neither a file nor a folder')
    if (clean === '' || isClutter(clean)) return undefined
    if (what === 'folder') {
      this.folders.push(clean)
      return undefined
    }
    if (this.#seen.has(clean)) throw this.#refuse(path, 'is in it twice')
    this.#seen.add(clean)
    if (this.#seen.size > limits.archiveEntries) {
      throw new TooLargeError(`${this.source} holds more than ${limits.archiveEntries} files, which is the limit.`)
    }
    this.entries.push(size === undefined ? { path: clean } : { path: clean, size })
    return clean
  }

  #clean(path: string): string {
    const parts = path.replaceAll('\\', '/').split('/')
    if (path.startsWith('/') || path.startsWith('\\') || /^[a-z]:/i.test(path) || parts.includes('..')) {
      throw this.#refuse(path, 'points outside of it')
    }
    if (path.includes('\0')) throw this.#refuse(path, 'has a zero byte in its name')
    return parts.filter((part) => part !== '' && part !== '.').join('/')
  }

  #refuse(path: string, why: string): InvalidInputError {
    return new InvalidInputError(`${this.source} is refused: '${printable(path)}' ${why}.`)
  }
}

/** Files that systems leave behind: hidden ones, resource forks, thumbnails. */
const isClutter = (path: string): boolean =>
  path.split('/').some((part) => part.startsWith('.') || /^(__MACOSX|Thumbs\.db|desktop\.ini)$/.test(part))

/** A name for a message: no control characters, not endless. */
export const printable = (name: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  name.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 200)

export const tooLargeProblem = (size: number, limit: number): string =>
  `it holds ${size} bytes, more than the ${limit} allowed for one file`
