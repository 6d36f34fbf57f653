// The manifest of a built tree: what it is and the size and SHA-256 of every file in it.
// @ts-check
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * @typedef {object} Manifest
 * @property {1} format
 * @property {string} key
 * @property {'linux' | 'darwin'} platform
 * @property {'x64' | 'arm64'} arch
 * @property {string} tensorflow version of TensorFlow
 * @property {string} tfjs version of tfjs-node
 * @property {string} compiler what compiled the addon
 * @property {'ran' | 'skipped'} smoke whether a convolution and a product were computed in it
 * @property {Record<string, { size: number, sha256: string }>} files
 */

export const manifestName = 'manifest.json'

/**
 * @param {string} directory
 * @returns {Promise<Manifest['files']>}
 */
export async function describeFiles(directory) {
  const names = (await readdir(directory)).filter((name) => name !== manifestName).sort()
  const described = names.map(async (name) => {
    const path = join(directory, name)
    return [name, { size: (await stat(path)).size, sha256: await hashFile(path) }]
  })
  return Object.fromEntries(await Promise.all(described))
}

/**
 * @param {string} path
 * @returns {Promise<string>} SHA-256 in hexadecimal
 */
export async function hashFile(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/**
 * @param {string} directory
 * @param {Manifest} manifest
 */
export async function writeManifest(directory, manifest) {
  await writeFile(join(directory, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
}

/**
 * Sizes are compared, not hashes: those were checked when the tree was made, and 634 MB take a second to read.
 * Looks at eight files at once, without the detour over other threads: this lies on the way to a first prediction.
 *
 * @param {string} directory
 * @param {{ filesInside?: boolean }} [options] false for a packed folder, whose manifest is about what it unpacks to
 * @returns {Promise<{ manifest: Manifest } | { problem: string }>}
 */
export async function readTree(directory, { filesInside = true } = {}) {
  /** @type {Manifest} */
  let manifest
  try {
    manifest = JSON.parse(readFileSync(join(directory, manifestName), 'utf8'))
  } catch {
    return { problem: `${directory} holds no readable ${manifestName}` }
  }
  if (manifest.format !== 1) return { problem: `${directory} has format ${manifest.format}; 1 is understood` }
  for (const [name, { size }] of filesInside ? Object.entries(manifest.files) : []) {
    const found = statSync(join(directory, name), { throwIfNoEntry: false })
    if (found?.size !== size) {
      return { problem: `${join(directory, name)} has ${found?.size ?? 'no'} bytes instead of ${size}` }
    }
  }
  return { manifest }
}
