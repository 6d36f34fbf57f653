// Looks at this machine: what a build of kernels needs and what the processor can do.
// @ts-check
import { existsSync, readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { kernelCacheDirectory } from './build/cache.mjs'
import { run } from './build/run.mjs'
import { freeBytes, neededBytes } from './build/space.mjs'

/** Instruction sets that TensorFlow and oneDNN make use of. */
const interesting = [
  'avx',
  'avx2',
  'fma',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'amx_tile',
  'asimd',
  'asimddp',
  'sve',
  'bf16',
]

/** @param {{ env?: NodeJS.ProcessEnv, run?: import('./build/run.mjs').Run }} [options] */
export async function describeMachine({ env = process.env, run: start = run } = {}) {
  const directory = kernelCacheDirectory(env)
  const firstLine = async (/** @type {string} */ command, /** @type {string[]} */ ...args) => {
    const { status, output } = await start(command, args, { env })
    return status === 0 ? output.split('\n')[0] : undefined
  }
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    processor: cpus()[0]?.model.trim() || 'unknown processor',
    features: readFeatures(),
    cache: { directory, bytes: await sizeOf(directory) },
    freeBytes: await freeBytes(nearestExisting(directory)),
    neededBytes,
    pip: await firstLine(env.PYTHON ?? 'python3', '-m', 'pip', '--version'),
    compiler: (await firstLine(env.CXX ?? 'g++', '--version')) ?? (await firstLine('clang++', '--version')),
  }
}

/** @returns {string[]} */
function readFeatures() {
  if (!existsSync('/proc/cpuinfo')) return []
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? ''
  const present = new Set(flags.trim().split(/\s+/))
  return interesting.filter((name) => present.has(name))
}

/**
 * @param {string} directory
 * @returns {string}
 */
function nearestExisting(directory) {
  return existsSync(directory) ? directory : nearestExisting(dirname(directory))
}

/** @param {string} directory */
async function sizeOf(directory) {
  const names = await readdir(directory, { recursive: true }).catch(() => [])
  const sizes = names.map(async (name) => {
    const found = await stat(join(directory, name)).catch(() => undefined)
    return found?.isFile() ? found.size : 0
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
