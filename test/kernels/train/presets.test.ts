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

  /** As Keras 3.15's `model.to_json()` writes it. */
  const keras3 = (layer: Record<string, unknown>) => {
    const dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null }
    return {
      module: 'keras',
      class_name: 'Sequential',
      registered_name: null,
      config: {
        name: 'sequential',
        trainable: true,
        dtype,
        layers: [
          {
            module: 'keras.layers',
            class_name: 'InputLayer',
            registered_name: null,
            config: { batch_shape: [null, 4], dtype: 'float32', sparse: false, ragged: false, name: 'input_layer' },
          },
          {
            module: 'keras.layers',
            registered_name: null,
            ...layer,
            config: { name: 'last', trainable: true, dtype, ...(layer.config as object) },
          },
        ],
        build_input_shape: [null, 4],
      },
    }
  }
  const initializer = {
    module: 'keras.initializers',
    class_name: 'GlorotUniform',
    config: { seed: null, input_axes: null, output_axes: null },
    registered_name: null,
  }

  it('give way to a topology that Keras 3 wrote', async () => {
    const model = await buildModel(
      keras3({
        class_name: 'Dense',
        config: {
          units: 3,
          activation: 'softmax',
          use_bias: true,
          kernel_initializer: initializer,
          bias_initializer: { module: 'keras.initializers', class_name: 'Zeros', config: {}, registered_name: null },
          kernel_regularizer: null,
          bias_regularizer: null,
          kernel_constraint: null,
          bias_constraint: null,
          quantization_config: null,
        },
      }),
      1,
      kernels,
    )
    expect(model.countParams()).toBe(15)
    model.dispose()
  })

  it('name the Keras layer that cannot be built', async () => {
    await expect(buildModel(keras3({ class_name: 'Lambda', config: {} }), 1, kernels)).rejects.toThrow(
      /last \(Lambda\): a Lambda holds Python bytecode/,
    )
  })
})
