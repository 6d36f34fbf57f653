/** The presets as models: the tutorial's parameter counts, and seeds that decide the initial weights. */
import { type Kernels, loadKernels } from '@maas/core/kernels'
import { buildModel, type DataFacts, modelWeights, settingsFor, summaryOf, topologyFor } from '@maas/core/train'
import { beforeAll, describe, expect, it } from 'vitest'

const facts: DataFacts = {
  task: 'classification',
  labels: Array.from({ length: 10 }, (_, i) => `c${i}`),
  rowShape: [32, 32, 3],
  kind: 'image',
}

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: () => undefined })
})
const build = (name: Parameters<typeof topologyFor>[0], seed = 1) =>
  buildModel(topologyFor(name, settingsFor({}, name, facts), facts), seed, kernels)

describe('presets', () => {
  it.each([
    ['cifar10-cnn', 167_562, 'Conv2D 32, MaxPooling2D, Conv2D 64, MaxPooling2D, Flatten, Dense 64, Dense 10'],
    ['cifar10-cnn-overfit', 712_330, 'Conv2D 32, MaxPooling2D, Conv2D 64, Flatten, Dense 64, Dense 10'],
  ] as const)('%s has %i parameters', async (name, parameters, summary) => {
    const model = await build(name)
    expect(model.countParams()).toBe(parameters)
    expect(summaryOf(model)).toBe(summary)
    model.dispose()
  })

  it('start from Glorot’s uniform weights, decided by the seed', async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => build('cifar10-cnn', seed)))
    const weights = [first, again, other].map((model) => (model ? modelWeights(kernels, model).read() : []))
    expect(weights[0]).toEqual(weights[1])
    expect(weights[0]?.[0]?.data).not.toEqual(weights[2]?.[0]?.data)
    // Glorot: uniform within sqrt(6 / (fan in + fan out)); the first kernel has 9 * 3 and 9 * 32.
    const limit = Math.sqrt(6 / (27 + 288))
    const kernel = weights[0]?.[0]?.data ?? new Float32Array()
    expect(Math.max(...kernel)).toBeLessThanOrEqual(limit)
    expect(Math.max(...kernel)).toBeGreaterThan(limit * 0.95)
    expect(kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length).toBeCloseTo(limit ** 2 / 3, 2)
    for (const model of [first, again, other]) model?.dispose()
  })

  it('say why a topology makes no model', async () => {
    await expect(
      buildModel({ class_name: 'Sequential', config: { layers: [{ class_name: 'Nothing', config: {} }] } }, 1, kernels),
    ).rejects.toThrow(/topology makes no model: .*Nothing/)
  })
})
