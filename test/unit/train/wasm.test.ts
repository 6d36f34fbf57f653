/** Training where there are no native kernels: the same step on the WASM backend, and a notice that says what it costs. */
import type { TrainingEventBody } from '@maas/core/contract'
import { loadKernels } from '@maas/core/kernels'
import { buildModel, createEngine, modelWeights } from '@maas/core/train'
import { describe, expect, it } from 'vitest'

describe('the WASM backend', () => {
  it('trains a convolution and a dense layer by Keras’ formulas', async () => {
    const kernels = await loadKernels({ prefer: 'wasm' })
    const topology = {
      class_name: 'Sequential',
      config: {
        name: 'pixel',
        layers: [
          {
            class_name: 'Conv2D',
            config: {
              name: 'conv',
              filters: 2,
              kernel_size: [1, 1],
              activation: 'softmax',
              use_bias: false,
              batch_input_shape: [null, 1, 1, 2],
            },
          },
          { class_name: 'Flatten', config: { name: 'flatten' } },
          { class_name: 'Activation', config: { name: 'end', activation: 'softmax' } },
        ],
      },
    }
    const model = await buildModel(topology, 1, kernels)
    const weights = modelWeights(kernels, model)
    weights.write([{ name: 'kernel', shape: [1, 1, 2, 2], data: Float32Array.of(1, 0, 0, 1) }])
    const events: TrainingEventBody[] = []
    const engine = createEngine(
      {
        model,
        loss: 'sparse_categorical_crossentropy',
        optimizer: { name: 'sgd', momentum: 0 },
        inputScale: 1,
        seed: 1,
      },
      kernels,
      1,
      (event) => events.push(event),
    )
    expect(engine.mode).toBe('eager')
    expect(events).toMatchObject([{ event: 'notice', code: 'eager_engine', message: expect.stringContaining('wasm') }])
    const result = engine.step(
      { features: Float32Array.of(2, 0), targets: Int32Array.of(1), rows: 1, rowShape: [1, 1, 2] },
      1,
    )

    // By hand: q = softmax(2, 0), p = softmax(q), loss = -log p[1], dq = p - (0, 1), dz = q * (dq - dq . q), dkernel = x outer dz.
    const softmax = ([a, b]: readonly [number, number]) =>
      [Math.exp(a), Math.exp(b)].map((e) => e / (Math.exp(a) + Math.exp(b))) as [number, number]
    const q = softmax([2, 0])
    const p = softmax(q)
    const dq = [p[0], p[1] - 1] as const
    const dot = dq[0] * q[0] + dq[1] * q[1]
    const dz = [q[0] * (dq[0] - dot), q[1] * (dq[1] - dot)] as const
    expect(result.loss).toBeCloseTo(-Math.log(p[1]), 6)
    expect(result.correct).toBe(0)
    const kernel = [...(weights.read()[0]?.data ?? [])]
    for (const [i, expected] of [1 - 2 * dz[0], 0 - 2 * dz[1], 0, 1].entries())
      expect(kernel[i]).toBeCloseTo(expected, 6)
    engine.dispose()
    model.dispose()
  })
})
