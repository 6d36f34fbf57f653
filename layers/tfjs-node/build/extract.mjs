// Takes chosen files out of a wheel (a zip), never the whole of it.
// @ts-check
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import yauzl from 'yauzl'
import { KernelsError } from './errors.mjs'

/** The C API headers the addon includes, directly or not; 6 of the wheel's 268 MB. */
const headerFolders = [
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/c/',
]

/**
 * @param {import('./target.mjs').Target} target
 * @returns {(name: string) => string | undefined} where a file of TensorFlow's wheel goes, if wanted
 */
export function wantedFromTensorFlow(target) {
  return (name) => {
    const library = target.libraries.find((each) => name === `tensorflow/${each}`)
    if (library !== undefined) return library
    if (name === 'tensorflow/include/LICENSE') return 'TENSORFLOW-LICENSE'
    return headerFolders.some((folder) => name.startsWith(folder)) ? name.slice('tensorflow/'.length) : undefined
  }
}

/**
 * @param {object} options
 * @param {string} options.wheel
 * @param {string} options.directory
 * @param {(name: string) => string | undefined} options.wanted target path of an entry, or undefined to skip it
 * @param {(fraction: number) => void} options.onFraction
 * @param {AbortSignal | undefined} options.signal
 * @returns {Promise<number>} how many files were written
 */
export async function extractWheel({ wheel, directory, wanted, onFraction, signal }) {
  const zip = await openZip(wheel)
  const entries = await listEntries(zip, wanted)
  const total = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0)
  let done = 0
  try {
    for (const { entry, to } of entries) {
      const file = join(directory, to)
      await mkdir(dirname(file), { recursive: true })
      const count = new Transform({
        transform(chunk, _encoding, next) {
          done += chunk.length
          onFraction(done / total)
          next(null, chunk)
        },
      })
      const mode = (entry.externalFileAttributes >>> 16) & 0o111 ? 0o755 : 0o644
      const steps = [
        await openEntry(zip, entry),
        ...(entry.compressionMethod === 8 ? [createInflateRaw({ chunkSize: 1 << 20 })] : []),
        count,
        createWriteStream(file, { mode, highWaterMark: 1 << 22 }),
      ]
      await pipeline(steps, signal === undefined ? {} : { signal })
    }
  } finally {
    zip.close()
  }
  return entries.length
}

/**
 * @param {string} file
 * @returns {Promise<yauzl.ZipFile>}
 */
function openZip(file) {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: false }, (error, zip) =>
      error ? reject(unreadable(error)) : resolve(zip),
    )
  })
}

/** @param {Error} cause */
const unreadable = (cause) =>
  new KernelsError('wheel', `The downloaded wheel cannot be read: ${cause.message} Run the build again.`, { cause })

/**
 * @param {yauzl.ZipFile} zip
 * @param {yauzl.Entry} entry
 * @returns {Promise<import('node:stream').Readable>} its bytes as stored: inflated by us, in larger pieces than yauzl does
 */
function openEntry(zip, entry) {
  const stored = { decompress: entry.compressionMethod === 8 ? false : null, decrypt: null, start: null, end: null }
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, stored, (error, stream) => (error ? reject(error) : resolve(stream)))
  })
}

/**
 * @param {yauzl.ZipFile} zip
 * @param {(name: string) => string | undefined} wanted
 * @returns {Promise<{ entry: yauzl.Entry, to: string }[]>}
 */
function listEntries(zip, wanted) {
  return new Promise((resolve, reject) => {
    /** @type {{ entry: yauzl.Entry, to: string }[]} */
    const found = []
    zip.on('entry', (/** @type {yauzl.Entry} */ entry) => {
      const to = entry.fileName.endsWith('/') ? undefined : wanted(entry.fileName)
      if (to !== undefined) found.push({ entry, to })
      zip.readEntry()
    })
    zip.on('end', () => resolve(found))
    zip.on('error', (error) => reject(unreadable(error)))
    zip.readEntry()
  })
}
