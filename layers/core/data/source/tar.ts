/** A tar, plain or gzipped, as a source of files: walked once for the listing and once for each reading. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createGunzip } from 'node:zlib'
import tarStream from 'tar-stream'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, MaasError, messageOf, TooLargeError } from '../../errors.ts'
import { checkCanceled } from '../pace.ts'
import { Listing, type Source, tooLargeProblem } from './entry.ts'

/** The most a tar may unpack to. Gzip packs zeros a thousandfold, so that the file's own size says little. */
const unpackedBytes = 64 * 1024 ** 3

export async function openTar(location: string, gzipped: boolean, signal?: AbortSignal): Promise<Source> {
  const listing = new Listing(location)
  const paths = new Map<string, string>()
  for await (const { header } of walk(location, gzipped)) {
    checkCanceled(signal)
    const path = listing.add(header.name, kindOf(header.type), header.size ?? 0)
    if (path !== undefined) paths.set(header.name, path)
  }
  return {
    name: basename(location),
    kind: 'tar',
    entries: listing.entries,
    folders: listing.folders,
    async *read(wanted, { maxBytes = limits.archiveEntryBytes, signal } = {}) {
      for await (const { header, bytes } of walk(location, gzipped)) {
        checkCanceled(signal)
        const path = paths.get(header.name)
        if (path === undefined || !wanted(path)) continue
        const size = header.size ?? 0
        if (size > maxBytes) yield { path, problem: tooLargeProblem(size, maxBytes) }
        else yield { path, bytes: await bytes() }
      }
    },
  }
}

interface Walked {
  readonly header: tarStream.Header
  /** The content; call it before the next step or not at all. */
  readonly bytes: () => Promise<Uint8Array>
}

async function* walk(location: string, gzipped: boolean): AsyncGenerator<Walked> {
  const file = createReadStream(location, { highWaterMark: 1024 * 1024 })
  const extract = tarStream.extract()
  const fail = (error: Error) => void extract.destroy(error)
  file.on('error', fail)
  if (gzipped) file.pipe(createGunzip({ chunkSize: 256 * 1024 }).on('error', fail)).pipe(extract)
  else file.pipe(extract)
  let total = 0
  try {
    for await (const entry of extract) {
      total += entry.header.size ?? 0
      if (total > unpackedBytes) {
        throw new TooLargeError(
          `${location} unpacks to more than ${unpackedBytes / 1024 ** 3} GiB, which is the limit.`,
        )
      }
      const bytes = async () => {
        const chunks: Buffer[] = []
        for await (const chunk of entry) chunks.push(chunk as Buffer)
        return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      }
      yield { header: entry.header, bytes }
      entry.resume()
    }
  } catch (error) {
    if (error instanceof MaasError) throw error
    throw new InvalidInputError(`${location} cannot be read as a tar: ${messageOf(error)}.`, { cause: error })
  } finally {
    file.destroy()
    extract.destroy()
  }
}

function kindOf(type: tarStream.Header['type']): 'file' | 'folder' | 'link' | 'other' {
  if (type === 'file' || type === 'contiguous-file') return 'file'
  if (type === 'directory') return 'folder'
  return type === 'symlink' || type === 'link' ? 'link' : 'other'
}
