/** Without native kernels the WASM backend serves and trains, and says so once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { KernelError } from '../../../layers/core/errors.ts'
import { loadKernels } from '../../../layers/core/kernels/index.ts'

const empty = mkdtempSync(join(tmpdir(), 'maas-no-kernels-'))
const env = { XDG_CACHE_HOME: empty }
afterAll(() => rmSync(empty, { recursive: true, force: true }))

describe('without native kernels', () => {
  it('fails when they are demanded, with the fix', async () => {
    const loading = loadKernels({ prefer: 'native', env })
    await expect(loading).rejects.toThrow(KernelError)
    await expect(loadKernels({ prefer: 'native', env })).rejects.toThrow(
      /missing: not built .* Fix: npm run build:kernels/,
    )
  })

  it('fails when MAAS_KERNELS names a folder without any', async () => {
    await expect(loadKernels({ env: { MAAS_KERNELS: empty } })).rejects.toThrow(
      /MAAS_KERNELS names a folder without usable/,
    )
  })

  it('falls back to WASM and announces it once', async () => {
    const lines: string[] = []
    const announce = (line: string) => lines.push(line)
    const [kernels, again] = await Promise.all([loadKernels({ env, announce }), loadKernels({ env, announce })])
    expect(again).toEqual(kernels)
    expect(kernels).toMatchObject({ backend: 'wasm', version: '4.22.0', id: 'wasm-4.22.0' })
    expect(kernels.native).toBeUndefined()
    expect(lines).toEqual([
      'Native kernels not found (not built on this machine yet): using the WASM backend; training is about 8 times slower. Fix: npm run build:kernels',
    ])
  })

  it('refuses to change the backend of a running process', async () => {
    await loadKernels({ env })
    await expect(loadKernels({ prefer: 'native', env })).rejects.toThrow(/already runs on the wasm backend/)
  })

  it('trains a convolution', async () => {
    const { tf } = await loadKernels({ env })
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, activation: 'relu' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1 }),
      ],
    })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const { history } = await model.fit(tf.ones([16, 6, 6, 1]), tf.ones([16, 1]), { epochs: 20, verbose: 0 })
    const losses = history.loss as number[]
    expect(losses.at(-1)).toBeLessThan(losses[0] as number)
  })

  it('chains operations on tensors', async () => {
    const { tf } = await loadKernels({ env })
    const a = tf.tensor1d([1, 2, 3, 4])
    expect(a.reshape([2, 2]).transpose().add(1).arraySync()).toEqual([
      [2, 4],
      [3, 5],
    ])
    expect(a.concat(tf.tensor1d([5])).shape).toEqual([5])
    expect(a.stack([a, a]).shape).toEqual([3, 4])
    expect(a.as2D(4, 1).flatten().toInt().dtype).toBe('int32')
    expect(a.where(a.greater(2), tf.zerosLike(a)).arraySync()).toEqual([0, 0, 3, 4])
  })
})
