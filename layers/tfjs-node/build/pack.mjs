// Packs a built tree for a Lambda layer: brotli parts that unpack.cjs decompresses in parallel.
// @ts-check
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { constants, createBrotliCompress } from 'node:zlib'
import { KernelsError } from './errors.mjs'
import { manifestName } from './manifest.mjs'

/** Cuts libtensorflow_cc into four parts: Node's thread pool has four threads. */
const partBytes = 146 * 2 ** 20

/** A function and its layers may be this large unzipped. */
const layerLimit = 250e6

/** Quality 6 with a 16 MB window: 114 MB in all, and the unpacking speed of the lower levels. */
const brotli = {
  chunkSize: 1 << 20,
  params: { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 },
}

/**
 * @param {object} options
 * @param {string} options.tree the built tree
 * @param {import('./manifest.mjs').Manifest} options.manifest
 * @param {string} options.directory an empty folder
 * @param {(fraction: number) => void} options.onFraction
 * @param {AbortSignal | undefined} options.signal
 */
export async function packTree({ tree, manifest, directory, onFraction, signal }) {
  const bytes = Object.values(manifest.files).reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const onBytes = (/** @type {number} */ count) => {
    done += count
    onFraction(done / bytes)
  }
  const planned = Object.entries(manifest.files).flatMap(([file, { size }]) => cut(file, size))
  const parts = await Promise.all(planned.map((part) => packPart({ tree, directory, part, onBytes, signal })))
  await writeFile(
    join(directory, 'packed.json'),
    `${JSON.stringify({ format: 1, key: manifest.key, bytes, parts }, null, 2)}\n`,
  )
  await copyFile(join(tree, manifestName), join(directory, manifestName))
  await copyFile(fileURLToPath(new URL('../unpack.cjs', import.meta.url)), join(directory, 'unpack.cjs'))
  await requireLayerSize(directory)
}

/**
 * @param {string} file
 * @param {number} size
 */
function cut(file, size) {
  const count = Math.max(1, Math.ceil(size / partBytes))
  return Array.from({ length: count }, (_, index) => {
    const offset = index * partBytes
    return { file, offset, length: Math.min(partBytes, size - offset), part: `${file}.${index}.br` }
  })
}

/**
 * @param {{ tree: string, directory: string, part: ReturnType<typeof cut>[number],
 *   onBytes: (count: number) => void, signal: AbortSignal | undefined }} options
 */
async function packPart({ tree, directory, part, onBytes, signal }) {
  const hash = createHash('sha256')
  const look = (/** @type {(chunk: Buffer) => void} */ at) =>
    new Transform({
      transform(chunk, _encoding, next) {
        at(chunk)
        next(null, chunk)
      },
    })
  let size = 0
  await pipeline(
    [
      createReadStream(join(tree, part.file), {
        start: part.offset,
        end: part.offset + part.length - 1,
        highWaterMark: 1 << 20,
      }),
      look((chunk) => onBytes(chunk.length)),
      createBrotliCompress(brotli),
      look((chunk) => {
        hash.update(chunk)
        size += chunk.length
      }),
      createWriteStream(join(directory, part.part)),
    ],
    signal === undefined ? {} : { signal },
  )
  return { ...part, size, sha256: hash.digest('hex') }
}

/** @param {string} directory */
async function requireLayerSize(directory) {
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  )
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total < layerLimit) return
  throw new KernelsError(
    'layer',
    `The packed kernels take ${total / 1e6} MB; a layer may have ${layerLimit / 1e6} MB unzipped.`,
  )
}
