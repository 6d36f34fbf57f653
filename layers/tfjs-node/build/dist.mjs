// Lays out what deployments ship: the unpacked tree for a container image and the packed one for a layer.
// @ts-check
import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packedKey } from './cache.mjs'
import { KernelsError } from './errors.mjs'
import { packTree } from './pack.mjs'
import { stage } from './stage.mjs'

/**
 * @typedef {object} ShipOptions
 * @property {boolean} bundle also make the layer
 * @property {AbortSignal | undefined} [signal]
 * @property {(progress: import('./kernels.mjs').Progress) => void} onProgress
 * @property {string} [dist] default: `dist` of this package
 */

/**
 * @param {import('./kernels.mjs').Built} built
 * @param {ShipOptions} options
 * @returns {Promise<{ image: string, layer?: string }>} folders whose content belongs under `/opt`
 */
export async function writeDist(built, { bundle, signal, onProgress, dist = defaultDist() }) {
  const { directory, manifest } = built
  if (manifest.platform !== 'linux') {
    throw new KernelsError(
      'platform',
      `Images and layers run Linux; these kernels are for ${manifest.platform}. Add --platform linux.`,
    )
  }
  const root = join(dist, manifest.arch)
  const image = await layOut(root, 'opt', join('maas', 'kernels'), directory)
  if (!bundle) return { image }
  const packed = await stage({ root: dirname(directory), name: packedKey(manifest.key), signal }, (temporary) =>
    packTree({
      tree: directory,
      manifest,
      directory: temporary,
      signal,
      onFraction: (fraction) => onProgress({ phase: 'pack', fraction, text: 'compressing the layer, about a minute' }),
    }),
  )
  return { image, layer: await layOut(root, 'layer', join('maas', 'packed'), packed.directory) }
}

const defaultDist = () => fileURLToPath(new URL('../dist', import.meta.url))

/**
 * @param {string} root
 * @param {string} name
 * @param {string} inside
 * @param {string} source
 * @returns {Promise<string>} `root/name`, which holds the source's files as `inside`, never as symbolic links
 */
async function layOut(root, name, inside, source) {
  const { directory } = await stage({ root, name, replace: true }, async (temporary) => {
    const target = join(temporary, inside)
    await mkdir(target, { recursive: true })
    for (const file of await readdir(source)) {
      const [from, to] = [join(source, file), join(target, file)]
      await link(from, to).catch(() => copyFile(from, to))
    }
  })
  return directory
}
