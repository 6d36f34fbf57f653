/** The container image and the layer ship the same files: those of one build. */
import { readdirSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
import { hashFile, readTree } from '../../layers/tfjs-node/build/manifest.mjs'
import { unpack } from '../../layers/tfjs-node/unpack.cjs'

const dist = fileURLToPath(new URL('../../layers/tfjs-node/dist', import.meta.url))

/** Folders of what was laid out for an architecture, or a skip. */
async function shipped(arch: string, context: TestContext) {
  const [image, packed] = [join(dist, arch, 'opt/maas/kernels'), join(dist, arch, 'layer/maas/packed')]
  const tree = await readTree(image)
  const bundle = await readTree(packed, { filesInside: false })
  if ('problem' in tree || 'problem' in bundle) {
    return context.skip(`no bundle for ${arch}: npm run build:kernels -- --platform linux --arch ${arch} --bundle`)
  }
  return { image, packed, manifest: tree.manifest, bundled: bundle.manifest }
}

describe.each(['x64', 'arm64'])('what ships for %s', (arch) => {
  it('comes from one build', async (context) => {
    const { manifest, bundled } = await shipped(arch, context)
    expect(bundled).toEqual(manifest)
    expect(manifest.arch).toBe(arch)
  })

  it('unpacks to the very files of the image', async (context) => {
    const { image, packed, manifest } = await shipped(arch, context)
    const into = await mkdtemp(join(tmpdir(), 'maas-shipped-'))
    try {
      const directory = await unpack({ packed, into })
      expect(readdirSync(directory).sort()).toEqual(readdirSync(image).sort())
      for (const [name, { sha256 }] of Object.entries(manifest.files)) {
        expect(await hashFile(join(directory, name)), name).toBe(sha256)
        expect(await hashFile(join(image, name)), name).toBe(sha256)
      }
    } finally {
      rmSync(into, { recursive: true, force: true })
    }
  })
})
