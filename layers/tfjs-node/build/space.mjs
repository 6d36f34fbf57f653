// How much disk a build takes, and how much there is.
// @ts-check
import { statfs } from 'node:fs/promises'
import { KernelsError } from './errors.mjs'

/** Peak of a build: the wheel beside the unstripped libraries. */
export const neededBytes = 1.3e9

/** @param {string} directory */
export async function freeBytes(directory) {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

/**
 * @param {string} root
 * @param {(directory: string) => Promise<number>} free
 */
export async function requireSpace(root, free) {
  const available = await free(root)
  if (available >= neededBytes) return
  throw new KernelsError(
    'disk',
    `Building the kernels needs ${gigabytes(neededBytes)} free under ${root}; ${gigabytes(available)} are available. Free some space or set XDG_CACHE_HOME to a folder on a larger disk.`,
  )
}

/** @param {number} bytes */
export const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`
