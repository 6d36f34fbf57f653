/** Batch normalisation of imported models in training, compiled and eager: frozen layers keep their statistics, masked ones are refused. */
import { toLayersModel, toModelArtifact } from '@maas/core/formats'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { createGraphEngine, type StepConfig } from '../../../layers/core/graph/index.ts'
import { createEagerEngine } from '../../../layers/core/train/eager.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

const batch = {
  features: Float32Array.from({ length: 32 }, (_, at) => Math.sin(at) + 2),
  targets: Float32Array.from({ length: 8 }, (_, at) => Math.cos(at)),
  rows: 8,
  rowShape: [4],
}

const imported = async ({ tf, ...kernels }: NativeKernels, trainable: boolean): Promise<LayersModel> => {
  const { dense, batchNormalization } = tf.layers
  const inner = tf.sequential({
    layers: [dense({ units: 3, inputShape: [4] }), batchNormalization({ trainable, momentum: 0.5 })],
  })
  const model = tf.sequential({ layers: [inner as never, dense({ units: 1 })] })
  return toLayersModel(toModelArtifact(model), { tf, ...kernels })
}

const statisticsOf = (model: LayersModel): number[] =>
  model.weights
    .filter(({ originalName }) => originalName.includes('moving_'))
    .flatMap((weight) => [...weight.read().dataSync()])

const configOf = (model: LayersModel): StepConfig => ({
  model,
  loss: 'mean_squared_error',
  optimizer: { name: 'sgd', momentum: 0 },
  inputScale: 1,
  seed: 1,
})

describe('batch normalisation of an imported model', () => {
  it.for(['compiled', 'eager'] as const)('keeps its statistics where it is frozen: %s', async (mode, context) => {
    const kernels = await nativeKernels(context)
    const step = async (trainable: boolean) => {
      const model = await imported(kernels, trainable)
      const config = configOf(model)
      const engine = mode === 'compiled' ? createGraphEngine(config, kernels, 8) : createEagerEngine(config, kernels)
      const losses = [engine.step(batch, 0.001), engine.step(batch, 0.001)].map(({ loss }) => loss)
      engine.sync()
      const statistics = statisticsOf(model)
      engine.dispose()
      return { statistics, losses }
    }
    const [frozen, moved] = [await step(false), await step(true)]
    expect(frozen.statistics).toEqual([0, 0, 0, 1, 1, 1])
    expect(moved.statistics).not.toEqual(frozen.statistics)
    // Statistics of 0 and 1 leave the numbers as they are; those of the batch do not.
    expect(Math.abs((frozen.losses[0] ?? 0) - (moved.losses[0] ?? 0))).toBeGreaterThan(1e-3)
    expect(frozen.losses[1]).toBeLessThan(frozen.losses[0] ?? 0)
  })

  it('is not trained behind a mask, by name', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const { embedding, batchNormalization, lstm, dense } = tf.layers
    const made = tf.sequential({
      layers: [
        embedding({ inputDim: 5, outputDim: 3, inputLength: 4, maskZero: true }),
        batchNormalization({ name: 'norm' }),
        lstm({ units: 2 }),
        dense({ units: 1 }),
      ],
    })
    const model = await toLayersModel(toModelArtifact(made), kernels)
    const words = { ...batch, features: Float32Array.from({ length: 32 }, (_, at) => at % 5) }
    expect(() => createGraphEngine(configOf(model), kernels, 8)).toThrow(
      /layer norm normalises a batch of which steps are masked/,
    )
    expect(() => createEagerEngine(configOf(model), kernels).step(words, 0.1)).toThrow(/Freeze the layer/)
  })
})
