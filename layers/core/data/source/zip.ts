/** A zip as a source of files: listed by yauzl, then read front to back in large pieces, since one stream per tiny file would cost more than its decoding. */
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { crc32, inflateRaw, inflateRawSync } from 'node:zlib'
import yauzl from 'yauzl'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, MaasError, messageOf } from '../../errors.ts'
import { checkCanceled, createPace } from '../pace.ts'
import { Listing, type Source, type SourceFile, tooLargeProblem } from './entry.ts'
import { WindowReader } from './window.ts'

const inflateInBackground = promisify(inflateRaw)
/** Above this, inflating on this thread would hold up the event loop. */
const inlineBytes = 256 * 1024
const stored = 0
const deflated = 8
const localHeaderBytes = 30

interface Member {
  readonly path: string
  readonly offset: number
  readonly compressedSize: number
  readonly size: number
  readonly method: number
  readonly crc: number
}

export async function openZip(location: string, signal?: AbortSignal): Promise<Source> {
  const listing = new Listing(location)
  const members = await withFile(location, (file, size) => listMembers(file, size, listing, signal))
  members.sort((a, b) => a.offset - b.offset)
  return {
    name: basename(location),
    kind: 'zip',
    entries: members.map(({ path, size }) => ({ path, size })),
    folders: listing.folders,
    async *read(wanted, { maxBytes = limits.archiveEntryBytes, signal } = {}) {
      const file = await open(location, 'r')
      try {
        const window = new WindowReader(file)
        for (const member of members) {
          if (!wanted(member.path)) continue
          checkCanceled(signal)
          yield await readMember(window, member, maxBytes)
        }
      } finally {
        await file.close()
      }
    },
  }
}

async function listMembers(
  file: FileHandle,
  size: number,
  listing: Listing,
  signal: AbortSignal | undefined,
): Promise<Member[]> {
  const location = listing.source
  const pace = createPace({ signal })
  const members: Member[] = []
  let total = 0
  try {
    const reader = new WindowReader(file)
    const zip = await yauzl.fromRandomAccessReaderPromise(reader.asRandomAccess(), size, {
      lazyEntries: true,
      autoClose: false,
    })
    for await (const entry of zip.eachEntry()) {
      if (members.length % 512 === 0) await pace.breathe()
      const mode = (entry.externalFileAttributes >>> 16) & 0o170000
      const folder = entry.fileName.endsWith('/')
      const path = listing.add(
        entry.fileName,
        mode === 0o120000 ? 'link' : folder ? 'folder' : 'file',
        entry.uncompressedSize,
      )
      total += entry.compressedSize
      // Overlapping members are how a few kilobytes claim to hold terabytes.
      if (total > size) throw new InvalidInputError(`${location} is refused: its members overlap, as in a zip bomb.`)
      if (path === undefined) continue
      members.push({
        path,
        offset: entry.relativeOffsetOfLocalHeader,
        compressedSize: entry.compressedSize,
        size: entry.uncompressedSize,
        method: entry.isEncrypted() ? -1 : entry.compressionMethod,
        crc: entry.crc32,
      })
    }
  } catch (error) {
    if (error instanceof MaasError) throw error
    const [, outside] = /^(?:invalid relative|absolute) path: (.*)/s.exec(messageOf(error)) ?? []
    if (outside !== undefined) listing.add(outside, 'file')
    throw new InvalidInputError(`${location} cannot be read as a zip: ${messageOf(error)}.`, { cause: error })
  }
  return members
}

async function readMember(window: WindowReader, member: Member, maxBytes: number): Promise<SourceFile> {
  const { path, size } = member
  if (size > maxBytes) return { path, problem: tooLargeProblem(size, maxBytes) }
  try {
    const header = await window.read(member.offset, localHeaderBytes)
    if (header.readUInt32LE(0) !== 0x04034b50) return { path, problem: 'the archive is damaged: no file starts here' }
    const start = member.offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
    const bytes = await unpack(await window.read(start, member.compressedSize), member)
    if (bytes.length !== size) return { path, problem: `it holds ${bytes.length} bytes where the archive says ${size}` }
    if (crc32(bytes) !== member.crc) return { path, problem: 'it is damaged: its checksum (CRC-32) does not fit' }
    return { path, bytes }
  } catch (error) {
    return { path, problem: `it cannot be unpacked: ${messageOf(error)}` }
  }
}

/** Never more than the declared size, whatever the compressed bytes would give. */
async function unpack(compressed: Buffer, { method, size }: Member): Promise<Uint8Array> {
  if (method === stored) return compressed
  if (method === -1) throw new Error('it is encrypted')
  if (method !== deflated) throw new Error(`compression method ${method} is not supported, only stored and deflated`)
  const options = { maxOutputLength: Math.max(size, 1) }
  return size > inlineBytes ? inflateInBackground(compressed, options) : inflateRawSync(compressed, options)
}

async function withFile<T>(location: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const file = await open(location, 'r')
  try {
    return await use(file, (await file.stat()).size)
  } finally {
    await file.close()
  }
}
