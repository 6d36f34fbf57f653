/** One training step of both engines against Keras' formulas: loss, hits, gradient norm and the weights after it. */
import { type Kernels, loadKernels } from '@maas/core/kernels'
import {
  buildModel,
  createEagerEngine,
  createEngine,
  modelWeights,
  type StepConfig,
  type StepEngine,
} from '@maas/core/train'
import { beforeAll, describe, expect, it } from 'vitest'
import { nativeKernels } from '../native.ts'
import { relativeError } from './compare.ts'
import reference from './fixtures/reference.json' with { type: 'json' }

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: () => undefined })
})

type Reference = (typeof reference.steps)[number]

const build = async ({ activation, bias, kernel }: Reference) => {
  const units = bias.length
  const topology = {
    class_name: 'Sequential',
    config: {
      name: 'one_layer',
      layers: [
        {
          class_name: 'Dense',
          config: {
            name: 'dense',
            units,
            activation,
            batch_input_shape: [null, 3],
            kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: reference.l2 } },
          },
        },
      ],
    },
  }
  const model = await buildModel(topology, 1, kernels)
  modelWeights(kernels, model).write([
    { name: 'kernel', shape: [3, units], data: Float32Array.from(kernel.flat()) },
    { name: 'bias', shape: [units], data: Float32Array.from(bias) },
  ])
  return model
}

const config = (model: StepConfig['model'], loss: string): StepConfig => ({
  model,
  loss: loss as StepConfig['loss'],
  optimizer: { name: 'sgd', momentum: 0 },
  inputScale: 1,
  seed: 1,
})

const batchOf = ({ loss, targets }: Reference) => ({
  features: Float32Array.from(reference.rows.flat()),
  targets: loss === 'mean_squared_error' ? Float32Array.from(targets) : Int32Array.from(targets),
  rows: reference.rows.length,
  rowShape: [3],
})

const checkStep = async (step: Reference, engineOf: (config: StepConfig) => StepEngine) => {
  const model = await build(step)
  const engine = engineOf(config(model, step.loss))
  const result = engine.step(batchOf(step), 1)
  engine.sync()
  const [kernel, bias] = modelWeights(kernels, model).read()
  const { expected } = step
  expect(Math.abs(result.loss - expected.loss) / Math.abs(expected.loss)).toBeLessThan(1e-5)
  expect(result.correct).toBeCloseTo(expected.correct, 5)
  expect(Math.abs(result.gradientNorm - expected.gradientNorm) / expected.gradientNorm).toBeLessThan(1e-5)
  expect(relativeError(kernel?.data ?? [], expected.kernel.flat())).toBeLessThan(1e-5)
  expect(relativeError(bias?.data ?? [], expected.bias)).toBeLessThan(1e-5)
  // The measure can tell a step from no step.
  expect(relativeError(Float32Array.from(step.kernel.flat()), expected.kernel.flat())).toBeGreaterThan(1e-3)
  engine.dispose()
  model.dispose()
}

describe.each(reference.steps.map((step, index) => [`${index + 1} (${step.loss})`, step] as const))(
  'step %s',
  (_, step) => {
    it('is Keras’ on the eager engine', () => checkStep(step, (given) => createEagerEngine(given, kernels)))

    it('is Keras’ on the compiled engine', async (context) => {
      const native = await nativeKernels(context)
      await checkStep(step, (given) => {
        const engine = createEngine(given, native, 4, (event) => {
          throw new Error(`not compiled: ${JSON.stringify(event)}`)
        })
        expect(engine.mode).toBe('graph')
        return engine
      })
    })
  },
)

describe('the eager engine', () => {
  it('predicts as the model does, scaling bytes', async () => {
    const model = await build(reference.steps[0] as Reference)
    const engine = createEagerEngine(
      { ...config(model, 'sparse_categorical_crossentropy'), inputScale: 1 / 255 },
      kernels,
    )
    const predicted = engine.predict?.({ features: Uint8Array.of(255, 0, 51), rows: 1, rowShape: [3] }) ?? []
    const { tf } = kernels
    const expected = tf.tidy(() =>
      (model.predict(tf.tensor2d([[1, 0, 0.2]])) as ReturnType<typeof tf.tensor>).dataSync(),
    )
    expect(relativeError(predicted, expected)).toBeLessThan(1e-6)
    engine.dispose()
    model.dispose()
  })

  it('takes over a model that cannot be compiled, with a notice that names why', async (context) => {
    const native = await nativeKernels(context)
    const layer = native.tf.layers.dense({ units: 1, inputShape: [3], kernelConstraint: 'nonNeg' })
    const model = native.tf.sequential({ layers: [layer] })
    const events: unknown[] = []
    const engine = createEngine(config(model, 'mean_squared_error'), native, 4, (event) => events.push(event))
    expect(engine.mode).toBe('eager')
    const message = expect.stringMatching(/operation by operation.*kernel has a constraint/)
    expect(events).toEqual([{ event: 'notice', level: 'info', code: 'eager_engine', message }])
    engine.dispose()
    model.dispose()
  })

  it('refuses a model whose output cannot be compared with the targets', async () => {
    const model = await build(reference.steps[0] as Reference)
    expect(() => createEagerEngine(config(model, 'mean_squared_error'), kernels)).toThrow(
      /output has shape \[batch,3\], but mean_squared_error needs \[batch, 1\]/,
    )
    model.dispose()
  })
})
