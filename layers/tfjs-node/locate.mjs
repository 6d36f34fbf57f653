// Finds built kernels for a machine: named by the environment, in an image, in the cache, or in a layer.
// @ts-check
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kernelCacheDirectory, kernelKey } from './build/cache.mjs'
import { KernelsError } from './build/errors.mjs'
import { readTree } from './build/manifest.mjs'
import { chooseTarget } from './build/target.mjs'

/**
 * @typedef {{ directory: string, manifest: import('./build/manifest.mjs').Manifest }} Located
 *
 * @typedef {object} LocateOptions
 * @property {string | undefined} [platform] default: this machine's
 * @property {string | undefined} [arch] default: this machine's
 * @property {NodeJS.ProcessEnv | undefined} [env]
 * @property {string | undefined} [opt] where container images and layers put their files, default `/opt`
 * @property {string | undefined} [temporary] where a layer's kernels are unpacked, default the system's
 */

/**
 * Looks in this order: `MAAS_KERNELS`, `/opt/maas/kernels`, the build cache, a layer's bundle in
 * `/opt/maas/packed`, which is unpacked into the temporary folder once.
 *
 * @param {LocateOptions} [options]
 * @returns {Promise<Located | undefined>}
 */
export async function locateKernels(options = {}) {
  return (await searchKernels(options)).found
}

/**
 * @param {LocateOptions} [options]
 * @returns {Promise<{ found: Located | undefined, reason: string }>} `reason` says in a few words why nothing was found
 */
export async function searchKernels(options = {}) {
  const { platform = process.platform, arch = process.arch, env = process.env, opt = '/opt' } = options
  const named = env.MAAS_KERNELS
  if (named !== undefined && named !== '') return { found: await demand(named, platform, arch), reason: '' }

  let target
  try {
    target = chooseTarget({ platform, arch })
  } catch {
    return { found: undefined, reason: `there are none for ${platform}-${arch}` }
  }
  const inImage = await readTree(join(opt, 'maas', 'kernels'))
  if ('manifest' in inImage) return { found: { directory: join(opt, 'maas', 'kernels'), ...inImage }, reason: '' }

  const cached = cachePlace(env, target)
  if (cached !== undefined) {
    const tree = await readTree(cached)
    if ('manifest' in tree) return { found: { directory: cached, ...tree }, reason: '' }
  }
  const unpacked = await unpackLayer(join(opt, 'maas', 'packed'), options.temporary ?? tmpdir())
  if (unpacked !== undefined) return { found: unpacked, reason: '' }
  return { found: undefined, reason: 'not built on this machine yet' }
}

/**
 * @param {string} directory
 * @param {string} platform
 * @param {string} arch
 * @returns {Promise<Located>}
 */
async function demand(directory, platform, arch) {
  const tree = await readTree(directory)
  if ('problem' in tree) {
    throw new KernelsError(
      'MAAS_KERNELS',
      `MAAS_KERNELS names a folder without usable kernels: ${tree.problem}. Unset it or let it name a folder made by npm run build:kernels.`,
    )
  }
  const { manifest } = tree
  if (manifest.platform !== platform || manifest.arch !== arch) {
    throw new KernelsError(
      'MAAS_KERNELS',
      `MAAS_KERNELS names kernels for ${manifest.platform}-${manifest.arch}, but this is ${platform}-${arch}. Unset it or build for this machine.`,
    )
  }
  return { directory, manifest }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./build/target.mjs').Target} target
 * @returns {string | undefined} undefined inside a bundled function, which has no recipe beside it to compute a key from
 */
function cachePlace(env, target) {
  try {
    return join(kernelCacheDirectory(env), kernelKey(target))
  } catch {
    return undefined
  }
}

/**
 * @param {string} packed
 * @param {string} into
 * @returns {Promise<Located | undefined>}
 */
async function unpackLayer(packed, into) {
  let unpack
  try {
    unpack = createRequire(join(packed, 'unpack.cjs'))('./unpack.cjs').unpack
  } catch {
    return undefined
  }
  const directory = await unpack({ packed, into })
  const tree = await readTree(directory)
  if ('problem' in tree)
    throw new KernelsError('layer', `The layer's kernels were unpacked but are not usable: ${tree.problem}.`)
  return { directory, ...tree }
}
