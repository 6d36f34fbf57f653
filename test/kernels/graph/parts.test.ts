/** Steps in parts of their rows, a thread each: the numbers of a step over all rows, in any count of rows, and only where rows stand for themselves. */
import { expect, it } from 'vitest'
import { createGraphEngine, type StepConfig } from '../../../layers/core/graph/index.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'
import { configure, makeBatch, type Net } from './nets.ts'

type Layers = NativeKernels['tf']['layers']

const pictures = (middle: (layers: Layers) => readonly unknown[], last = 5): Net => ({
  loss: 'sparse_categorical_crossentropy',
  rowShape: [24, 24, 3],
  width: last,
  build: ({ layers, regularizers, ...tf }) =>
    tf.sequential({
      layers: [
        layers.conv2d({
          inputShape: [24, 24, 3],
          filters: 16,
          kernelSize: 3,
          activation: 'relu',
          kernelRegularizer: regularizers.l2({ l2: 0.01 }),
        }),
        ...(middle(layers) as never[]),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        layers.dense({ units: last, activation: 'softmax' }),
      ],
    }),
})

const plain = pictures((layers) => [layers.dropout({ rate: 0.25 }), layers.gaussianNoise({ stddev: 0.1 })])

/** Full batches, and ones whose rows do not divide or do not suffice. */
const sizes = [32, 31, 1, 32, 2, 7]

function run(kernels: NativeKernels, net: Net, threads: number, more: Partial<StepConfig> = {}) {
  const engine = createGraphEngine(configure(kernels, net, more), kernels, 32, threads)
  const steps = sizes.map((rows, index) => engine.step(makeBatch(net, rows, index), 0.002))
  const outputs = [...engine.predict(makeBatch(net, 3, 0))]
  engine.dispose()
  return { parts: engine.parts, steps, outputs }
}

const lossesOf = ({ steps }: ReturnType<typeof run>): number[] => steps.map(({ loss }) => loss)

it.for<Partial<StepConfig>>([
  {},
  { augment: true },
  { optimizer: { name: 'sgd', momentum: 0.9, clipNorm: 0.1, accumulate: 2 } },
])('gives the numbers of a step over all rows, the same random ones too: %o', async (more, context) => {
  const kernels = await nativeKernels(context)
  const whole = run(kernels, plain, 1, more)
  const parted = run(kernels, plain, 3, more)
  expect([whole.parts, parted.parts]).toEqual([1, 3])
  for (const [index, step] of parted.steps.entries()) {
    const expected = whole.steps[index] as typeof step
    expect(Math.abs(step.loss - expected.loss)).toBeLessThan(1e-5 * expected.loss)
    expect(step.correct).toBe(expected.correct)
    expect(step.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 4)
  }
  expect(parted.outputs).toEqual(whole.outputs.map((output) => expect.closeTo(output, 4)))
  const other = run(kernels, plain, 3, { ...more, seed: 4 })
  expect(lossesOf(other)).not.toEqual(lossesOf(parted).map((loss) => expect.closeTo(loss, 5)))
})

it('repeats a run bit for bit', async (context) => {
  const kernels = await nativeKernels(context)
  expect(run(kernels, plain, 2)).toEqual(run(kernels, plain, 2))
})

it('leaves together what looks at several rows, what is small, and what consists of weights', async (context) => {
  const kernels = await nativeKernels(context)
  const partsOf = (net: Net, batchSize = 32) => {
    const engine = createGraphEngine(configure(kernels, net, { batchSize }), kernels, 256, 2)
    engine.dispose()
    return engine.parts
  }
  const { tf } = kernels
  /** Takes away the mean over the batch: a wrong one over a part of it. */
  class Centred extends tf.layers.Layer {
    static className = 'Centred'
    override call(inputs: unknown) {
      const [x] = [inputs].flat() as [ReturnType<typeof tf.tensor>]
      return tf.sub(x, tf.mean(x, 0, true))
    }
  }
  expect(partsOf(plain)).toBe(2)
  expect(partsOf(pictures(() => [new Centred({})]))).toBe(1)
  expect(partsOf(pictures((layers) => [layers.batchNormalization({})]))).toBe(1)
  expect(partsOf(plain, 8)).toBe(1)
  expect(partsOf(pictures(() => [], 500))).toBe(1)
})
