/** Layers whose gradients tfjs lacks train in compiled steps too, which are only handed out when they equal the eager ones. */
import { readKerasArchive, toLayersModel } from '@maas/core/formats'
import { describe, expect, it } from 'vitest'
import { createGraphEngine } from '../../../layers/core/graph/index.ts'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { kerasFixture } from '../../support/keras-fixtures.ts'
import { nativeKernels } from '../native.ts'

describe('a compiled training step', () => {
  it.for([
    ...['conv1d_causal', 'conv2d_dilated', 'conv3d_transpose', 'einsum_dense_heads', 'activation_sparsemax'],
    ...['global_max_pooling1d', 'activation_hard_shrink'],
  ])('learns %s', async (name, context) => {
    const kernels = await nativeKernels(context)
    const file = await kerasFixture(3, `${name}.keras`)
    const { artifact } = await readKerasArchive(file, { name, readHdf5: readHdf5Here })
    const { initializers, layers } = kernels.tf
    // Weights that are the same each time.
    const dense = (units: number, activation: 'tanh' | 'linear') =>
      layers.dense({ units, activation, kernelInitializer: initializers.glorotUniform({ seed: units }) })
    const imported = await toLayersModel(artifact, kernels)
    const model = kernels.tf.sequential({
      layers: [imported as never, dense(3, 'tanh'), layers.flatten(), dense(2, 'linear')],
    })
    const rowShape = (model.inputs[0]?.shape ?? []).slice(1).map((size) => size ?? 6)
    const size = rowShape.reduce((product, one) => product * one, 1)
    const config = {
      model,
      loss: 'mean_squared_error',
      optimizer: { name: 'adam', momentum: 0 },
      inputScale: 1,
      seed: 1,
    } as const
    const engine = createGraphEngine(config, kernels, 4)
    const batch = {
      features: Float32Array.from({ length: 4 * size }, (_, at) => Math.sin(at)),
      targets: Float32Array.from({ length: 8 }, (_, at) => Math.cos(at)),
      rows: 4,
      rowShape,
    }
    const losses = Array.from({ length: 10 }, () => engine.step(batch, 0.001).loss)
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0)
    engine.dispose()
  })
})
