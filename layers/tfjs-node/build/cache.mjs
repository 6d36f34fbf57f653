// Where built kernels live and how their folder is named: the hash of everything that decides their bytes.
// @ts-check
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Files of this package that decide what a build contains; editing one makes a new key. */
const recipe = [
  'pins.json',
  'build/bundle.mjs',
  'build/compile.mjs',
  'build/extract.mjs',
  'build/manifest.mjs',
  'build/patch.mjs',
  'build/prebind.mjs',
  'build/strip.mjs',
  'native/factory.cjs',
  'native/kernels.mjs',
  'native/lots.h',
  'native/numbers.h',
  'native/proto-shim.cjs',
  'native/quiet.cc',
  'native/session.cc',
  'native/signals.h',
  'native/tf-holder.cjs',
  'native/util-shim.cjs',
]

/** npm packages whose published source is compiled or bundled; npm's lockfile pins their content. */
const sources = ['@tensorflow/tfjs-node', 'node-api-headers', 'esbuild']

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} the folder that holds one folder per build
 */
export function kernelCacheDirectory(env = process.env) {
  const stated = env.XDG_CACHE_HOME
  if (stated !== undefined && isAbsolute(stated)) return join(stated, 'maas', 'kernels')
  const home = env.HOME || homedir()
  return isAbsolute(home) ? join(home, '.cache', 'maas', 'kernels') : join(tmpdir(), 'maas', 'kernels')
}

/**
 * @param {string} key of the tree that is packed
 * @returns {string} folder name of its packed form
 */
export function packedKey(key) {
  const hash = createHash('sha256')
  for (const file of ['build/pack.mjs', 'unpack.cjs']) {
    hash.update(readFileSync(new URL(`../${file}`, import.meta.url)))
  }
  return `${key}-packed-${hash.digest('hex').slice(0, 8)}`
}

/**
 * @param {import('./target.mjs').Target} target
 * @returns {string} folder name of this recipe's build for `target`; the compiler is not part of it
 */
export function kernelKey(target) {
  const hash = createHash('sha256')
  for (const file of recipe) {
    hash.update(`${file}\0`).update(readFileSync(new URL(`../${file}`, import.meta.url)))
  }
  for (const name of sources) {
    hash.update(`\0${name}@${versionOf(name)}`)
  }
  return `${target.name}-${hash.digest('hex').slice(0, 20)}`
}

/**
 * @param {string} name of an installed package
 * @returns {string}
 */
export function versionOf(name) {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return JSON.parse(readFileSync(path, 'utf8')).version
}
