/** Takes a zip or tar(.gz) from memory apart: paths checked, sizes bounded before anything is unpacked, checksums compared. */
import { crc32, gunzipSync, inflateRawSync } from 'node:zlib'
import tarStream from 'tar-stream'
import yauzl from 'yauzl'
import { InvalidInputError, MaasError, messageOf, TooLargeError } from '../../errors.ts'
import type { ModelFiles } from './types.ts'

export interface ArchiveLimits {
  /** Bytes of all files together. */
  readonly maxBytes: number
}

const mostEntries = 10_000
const localHeaderBytes = 30

/** InvalidInputError for what is damaged or reaches outside, TooLargeError beyond the limits. */
export const openArchive = async (bytes: Buffer, limits: ArchiveLimits): Promise<ModelFiles> => {
  const files = new Files(limits)
  try {
    if (bytes.readUInt16BE(0) === 0x504b) await readZip(bytes, files)
    else if (bytes.readUInt16BE(0) === 0x1f8b)
      await readTar(gunzipSync(bytes, { maxOutputLength: limits.maxBytes }), files)
    else await readTar(bytes, files)
  } catch (cause) {
    if (cause instanceof MaasError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw files.tooLarge()
    throw new InvalidInputError(`the archive is damaged: ${messageOf(cause)}`, { cause })
  }
  return files.all
}

class Files {
  readonly all = new Map<string, Uint8Array>()
  readonly #maxBytes: number
  #total = 0
  #entries = 0

  constructor({ maxBytes }: ArchiveLimits) {
    this.#maxBytes = maxBytes
  }

  /** Before an entry of this size is unpacked. */
  announce(size: number): void {
    this.#entries += 1
    if (this.#entries > mostEntries) throw new TooLargeError(`the archive has more than ${mostEntries} entries`)
    this.#total += size
    if (!(this.#total <= this.#maxBytes)) throw this.tooLarge()
  }

  add(path: string, bytes: Uint8Array): void {
    const clean = cleanPath(path)
    if (this.all.has(clean)) throw new InvalidInputError(`the archive holds ${printable(path)} twice`)
    this.all.set(clean, bytes)
  }

  tooLarge(): TooLargeError {
    return new TooLargeError(`the archive unpacks to more than ${this.#maxBytes} bytes`)
  }
}

const cleanPath = (path: string): string => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (/^([/\\]|[a-z]:)/i.test(path) || parts.includes('..') || /[\\\0]/.test(path)) {
    throw new InvalidInputError(`the archive is refused: ${printable(path)} points outside of it`)
  }
  return parts.join('/')
}

const printable = (path: string): string => JSON.stringify(path.slice(0, 200))

const readZip = async (bytes: Buffer, files: Files): Promise<void> => {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    const options = { lazyEntries: true, decodeStrings: true }
    yauzl.fromBuffer(bytes, options, (error, opened) => (error ? reject(error) : resolve(opened)))
  })
  let packed = 0
  for await (const entry of zip.eachEntry()) {
    const { fileName, compressedSize, uncompressedSize, externalFileAttributes } = entry
    if (((externalFileAttributes >>> 16) & 0o170000) === 0o120000) {
      throw new InvalidInputError(`the archive is refused: ${printable(fileName)} is a link`)
    }
    files.announce(uncompressedSize)
    packed += compressedSize
    // Overlapping entries are how a few kilobytes claim to hold terabytes.
    if (packed > bytes.length)
      throw new InvalidInputError('the archive is refused: its entries overlap, as in a zip bomb')
    if (!fileName.endsWith('/')) files.add(fileName, contentOf(bytes, entry))
  }
}

const contentOf = (bytes: Buffer, entry: yauzl.Entry): Uint8Array => {
  const { relativeOffsetOfLocalHeader: at, fileName, compressedSize, uncompressedSize, compressionMethod } = entry
  if (entry.isEncrypted()) throw new InvalidInputError(`${printable(fileName)} of the archive is encrypted`)
  if (bytes.readUInt32LE(at) !== 0x04034b50) throw new Error(`no file starts where ${printable(fileName)} should`)
  const start = at + localHeaderBytes + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
  if (start + compressedSize > bytes.length) throw new Error(`${printable(fileName)} is cut short`)
  const packed = bytes.subarray(start, start + compressedSize)
  if (compressionMethod !== 0 && compressionMethod !== 8)
    throw new Error(`compression method ${compressionMethod} is not read`)
  const content =
    compressionMethod === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, uncompressedSize) })
  if (content.length !== uncompressedSize || crc32(content) !== entry.crc32) {
    throw new Error(`the checksum of ${printable(fileName)} does not fit`)
  }
  return content
}

const readTar = async (bytes: Buffer, files: Files): Promise<void> => {
  const extract = tarStream.extract()
  extract.end(bytes)
  for await (const entry of extract) {
    const { name, type, size = 0 } = entry.header
    files.announce(size)
    if (type === 'symlink' || type === 'link')
      throw new InvalidInputError(`the archive is refused: ${printable(name)} is a link`)
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    if (type === 'file' || type === 'contiguous-file') files.add(name, Buffer.concat(chunks))
  }
  if (files.all.size === 0) throw new Error('it holds no files')
}

/** The files below the one folder that holds `names`' first match; InvalidInputError when there are several. */
export const modelRoot = (files: ModelFiles, names: readonly string[]): ModelFiles => {
  const roots = [...files.keys()].filter((path) => names.includes(path.split('/').at(-1) ?? '') && !isClutter(path))
  const shortest = Math.min(...roots.map((path) => path.split('/').length))
  const [root, ...others] = roots.filter((path) => path.split('/').length === shortest)
  if (root === undefined) return new Map()
  if (others.length > 0)
    throw new InvalidInputError(`the archive holds several models: ${[root, ...others].slice(0, 5).join(', ')}`)
  const folder = root.slice(0, root.lastIndexOf('/') + 1)
  return new Map(
    [...files].filter(([path]) => path.startsWith(folder)).map(([path, bytes]) => [path.slice(folder.length), bytes]),
  )
}

const isClutter = (path: string): boolean => path.split('/').some((part) => part === '__MACOSX' || part.startsWith('.'))
