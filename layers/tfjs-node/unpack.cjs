// Unpacks a layer's compressed kernels into the temporary folder, once per machine; ships inside the layer, needs nothing but Node.
// @ts-check
const { createHash } = require('node:crypto')
const { createReadStream, createWriteStream } = require('node:fs')
const { copyFile, lstat, mkdtemp, open, readdir, readFile, rename, rm, stat } = require('node:fs/promises')
const { join } = require('node:path')
const { Transform } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { createBrotliDecompress } = require('node:zlib')

/**
 * @typedef {{ file: string, offset: number, length: number, part: string, size: number, sha256: string }} Part
 * @typedef {{ format: 1, key: string, bytes: number, parts: Part[] }} Packed
 */

/** Says what to do; shown as it is. */
class UnpackError extends Error {}

/** Work under way in this process, by target: callers at once share it. @type {Map<string, Promise<string>>} */
const unpacking = new Map()

/**
 * @param {{ packed: string, into: string }} options folder with packed.json; where to unpack
 * @returns {Promise<string>} the folder that holds the kernels, complete
 */
async function unpack({ packed, into }) {
  /** @type {Packed} */
  const index = JSON.parse(await readFile(join(packed, 'packed.json'), 'utf8'))
  const directory = join(into, `maas-kernels-${index.key}`)
  const work = unpacking.get(directory) ?? unpackInto(directory, { packed, into, index })
  unpacking.set(directory, work)
  return work.finally(() => unpacking.delete(directory))
}

/**
 * @param {string} directory
 * @param {{ packed: string, into: string, index: Packed }} options
 */
async function unpackInto(directory, { packed, into, index }) {
  if (await isComplete(directory, index)) return directory
  await removeAbandoned(into, index.key)
  const temporary = await mkdtemp(`${directory}~${process.pid}~`)
  try {
    await makeFiles(temporary, index)
    await Promise.all(index.parts.map((part) => unpackPart(packed, temporary, part)))
    await copyFile(join(packed, 'manifest.json'), join(temporary, 'manifest.json'))
    await rename(temporary, directory).catch(async (error) => {
      if (!(await isComplete(directory, index))) throw error
    })
    return directory
  } catch (error) {
    throw explain(error, index, into)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/**
 * Each part knows its place in its file, so that all parts are decompressed at once.
 *
 * @param {string} packed
 * @param {string} directory
 * @param {Part} part
 */
async function unpackPart(packed, directory, part) {
  const hash = createHash('sha256')
  let written = 0
  await pipeline(
    createReadStream(join(packed, part.part), { highWaterMark: 1 << 20 }),
    tap((chunk) => hash.update(chunk)),
    createBrotliDecompress({ chunkSize: 1 << 20 }),
    tap((chunk) => {
      written += chunk.length
    }),
    createWriteStream(join(directory, part.file), { flags: 'r+', start: part.offset, highWaterMark: 1 << 22 }),
  )
  if (hash.digest('hex') !== part.sha256 || written !== part.length) {
    throw new UnpackError(`${part.part} in the layer is damaged. Publish the layer again.`)
  }
}

/** @param {(chunk: Buffer) => void} look */
function tap(look) {
  return new Transform({
    transform(chunk, _encoding, next) {
      look(chunk)
      next(null, chunk)
    },
  })
}

/**
 * @param {string} directory
 * @param {Packed} index
 */
async function makeFiles(directory, { parts }) {
  for (const name of new Set(parts.map(({ file }) => file))) {
    await (await open(join(directory, name), 'w', 0o755)).close()
  }
}

/**
 * Only a folder of this user that nobody else can write is trusted: code will be loaded from it.
 *
 * @param {string} directory
 * @param {Packed} index
 */
async function isComplete(directory, { parts }) {
  const found = await lstat(directory).catch(() => undefined)
  if (!found?.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) return false
  const sizes = new Map()
  for (const { file, offset, length } of parts) sizes.set(file, Math.max(sizes.get(file) ?? 0, offset + length))
  for (const [file, size] of [...sizes, ['manifest.json', undefined]]) {
    const there = await stat(join(directory, file)).catch(() => undefined)
    if (there === undefined || (size !== undefined && there.size !== size)) return false
  }
  return true
}

/**
 * A start-up that was killed leaves its folder; the next one needs the space.
 *
 * @param {string} into
 * @param {string} key
 */
async function removeAbandoned(into, key) {
  for (const name of await readdir(into)) {
    const [start, pid] = name.split('~')
    if (start === `maas-kernels-${key}` && pid !== undefined && !isRunning(Number(pid))) {
      await rm(join(into, name), { recursive: true, force: true })
    }
  }
}

/**
 * A folder with this process's own number is a predecessor's: a restarted container gives out the same numbers.
 *
 * @param {number} pid
 */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return pid !== process.pid
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/**
 * @param {unknown} error
 * @param {Packed} index
 * @param {string} into
 */
function explain(error, { bytes }, into) {
  const code = /** @type {NodeJS.ErrnoException} */ (error).code
  if (code === 'ENOSPC') {
    const needed = Math.ceil(bytes / 1e6)
    return new UnpackError(
      `Unpacking the native kernels takes ${needed} MB under ${into}, which is full. Give the function at least 1024 MB of ephemeral storage.`,
      { cause: error },
    )
  }
  if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') {
    return new UnpackError(`${into} holds a maas-kernels folder that is not ours or not whole. Delete it.`, {
      cause: error,
    })
  }
  return error
}

module.exports = { unpack, UnpackError }
