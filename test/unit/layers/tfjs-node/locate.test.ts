/** Where kernels are looked for, in which order, and what is said when the place is wrong. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packTree } from '../../../../layers/tfjs-node/build/pack.mjs'
import { locateKernels, searchKernels } from '../../../../layers/tfjs-node/index.mjs'
import { temporaryFolder, writeTree } from './support.ts'

const linux = { platform: 'linux', arch: 'x64' }

/** A machine without anything: empty cache, empty /opt. */
const bare = () => {
  const root = temporaryFolder()
  return { ...linux, env: { XDG_CACHE_HOME: join(root, 'cache') }, opt: join(root, 'opt'), temporary: root }
}

describe('locateKernels', () => {
  it('finds nothing on a bare machine and says why', async () => {
    expect(await searchKernels(bare())).toEqual({ found: undefined, reason: 'not built on this machine yet' })
    expect(await searchKernels({ ...bare(), arch: 's390x' })).toMatchObject({
      reason: 'there are none for linux-s390x',
    })
  })

  it('prefers MAAS_KERNELS to an image', async () => {
    const machine = bare()
    writeTree(join(machine.opt, 'maas', 'kernels'))
    const named = join(machine.temporary, 'named')
    writeTree(named)
    expect(await locateKernels(machine)).toMatchObject({ directory: join(machine.opt, 'maas', 'kernels') })
    expect(await locateKernels({ ...machine, env: { ...machine.env, MAAS_KERNELS: named } })).toMatchObject({
      directory: named,
    })
  })

  it('refuses a MAAS_KERNELS that holds none, or those of another machine', async () => {
    const machine = bare()
    const env = { MAAS_KERNELS: machine.temporary }
    await expect(locateKernels({ ...machine, env })).rejects.toThrow(
      /without usable kernels: .* holds no readable manifest/,
    )
    writeTree(machine.temporary)
    await expect(locateKernels({ ...machine, env, arch: 'arm64' })).rejects.toThrow(
      /for linux-x64, but this is linux-arm64/,
    )
  })

  it('passes over a tree whose files have the wrong size', async () => {
    const machine = bare()
    const directory = join(machine.opt, 'maas', 'kernels')
    writeTree(directory)
    writeFileSync(join(directory, 'native.cjs'), 'longer than it was')
    expect(await locateKernels(machine)).toBeUndefined()
  })

  it('unpacks a layer into the temporary folder', async () => {
    const machine = bare()
    const tree = join(machine.temporary, 'tree')
    const manifest = writeTree(tree)
    const packed = join(machine.opt, 'maas', 'packed')
    mkdirSync(packed, { recursive: true })
    await packTree({ tree, manifest, directory: packed, onFraction: () => undefined })
    const found = await locateKernels(machine)
    expect(found).toMatchObject({ directory: join(machine.temporary, `maas-kernels-${manifest.key}`), manifest })
  })
})
