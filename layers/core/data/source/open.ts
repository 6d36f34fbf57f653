/** Opens whatever holds the data, going by content rather than by name. */
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, messageOf, NotFoundError } from '../../errors.ts'
import { openDirectory } from './directory.ts'
import { type Source, tooLargeProblem } from './entry.ts'
import { openTar } from './tar.ts'
import { openZip } from './zip.ts'

const accepted = 'a folder, .zip, .tar, .tar.gz, .npz, .npy or .csv'

/** NotFoundError when there is nothing; InvalidInputError when it is nothing that can hold data. */
export async function openSource(location: string, signal?: AbortSignal): Promise<Source> {
  const found = await stat(location).catch((cause: unknown) => {
    throw new NotFoundError(`There is no data at ${location}: ${messageOf(cause)}. Give the path of ${accepted}.`, {
      cause,
    })
  })
  if (found.isDirectory()) {
    const inner = await onlyFileOf(location)
    return inner === undefined ? openDirectory(location, signal) : openFile(inner, signal)
  }
  if (!found.isFile()) throw new InvalidInputError(`${location} is neither a file nor a folder. Give ${accepted}.`)
  return openFile(location, signal)
}

/** A channel of a training job is a folder, even when what was given is one archive. */
async function onlyFileOf(directory: string): Promise<string | undefined> {
  const items = (await readdir(directory, { withFileTypes: true })).filter((item) => !item.name.startsWith('.'))
  const [only] = items
  return items.length === 1 && only?.isFile() ? join(directory, only.name) : undefined
}

async function openFile(location: string, signal: AbortSignal | undefined): Promise<Source> {
  const start = await firstBytes(location, 512)
  const begins = (...bytes: number[]) => bytes.every((byte, index) => start[index] === byte)
  if (start.length === 0) throw new InvalidInputError(`${location} is empty.`)
  if (begins(0x50, 0x4b, 3, 4) || begins(0x50, 0x4b, 5, 6)) return openZip(location, signal)
  if (begins(0x1f, 0x8b)) return openTar(location, true, signal)
  if (start.toString('latin1', 257, 262) === 'ustar') return openTar(location, false, signal)
  if (begins(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59) || /\.(csv|tsv|jsonl|ndjson)$/i.test(location))
    return openSingle(location)
  throw new InvalidInputError(`${location} is ${describe(begins)}. Allowed: ${accepted}.`)
}

function describe(begins: (...bytes: number[]) => boolean): string {
  if (begins(0x42, 0x5a, 0x68)) return 'compressed with bzip2: unpack it or use gzip'
  if (begins(0xfd, 0x37, 0x7a)) return 'compressed with xz: unpack it or use gzip'
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return 'compressed with zstd: unpack it or use gzip'
  if (begins(0x37, 0x7a, 0xbc, 0xaf)) return 'a 7z archive: pack it as zip or tar.gz'
  if (begins(0x52, 0x61, 0x72, 0x21)) return 'a rar archive: pack it as zip or tar.gz'
  if (begins(0x50, 0x4b)) return 'a damaged or split zip'
  return 'no data set in a known format'
}

async function openSingle(location: string): Promise<Source> {
  const name = basename(location)
  const { size } = await stat(location)
  return {
    name,
    kind: 'file',
    entries: [{ path: name, size }],
    folders: [],
    async *read(wanted, { maxBytes = limits.archiveEntryBytes } = {}) {
      if (!wanted(name)) return
      if (size > maxBytes) yield { path: name, problem: tooLargeProblem(size, maxBytes) }
      else yield { path: name, bytes: await readFile(location) }
    },
  }
}

async function firstBytes(location: string, length: number): Promise<Buffer> {
  const file = await open(location, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
