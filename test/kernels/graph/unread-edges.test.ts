/** Convolutions compute no edge that no later window reads, and what is read stays the same. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { expect, it } from 'vitest'
import { relativeError } from '../../../layers/core/graph/relative-error.ts'
import { withoutUnreadEdges } from '../../../layers/core/graph/unread-edges.ts'
import type { TensorFlow } from '../../../layers/core/kernels/index.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

type Layers = TensorFlow['layers']

const inRow =
  (...of: ((layers: Layers) => unknown)[]) =>
  (tf: TensorFlow) =>
    tf.sequential({ layers: of.map((layer) => layer(tf.layers)) as never[] })
const conv =
  (kernelSize: number, more = {}) =>
  (layers: Layers) =>
    layers.conv2d({ filters: 2, kernelSize, ...more })
const first = (side: number, kernelSize: number, more = {}) =>
  conv(kernelSize, { inputShape: [side, side, 2], ...more })
const pool =
  (poolSize: number, more = {}) =>
  (layers: Layers) =>
    layers.maxPooling2d({ poolSize, ...more })
const flat = (layers: Layers) => layers.flatten()

/** What a model's convolutions are given, as sides of their inputs; in training too where it differs. */
interface Case {
  readonly build: (tf: TensorFlow) => LayersModel
  readonly reads: readonly number[]
  readonly readsInTraining?: readonly number[]
}

const cases: Readonly<Record<string, Case>> = {
  'the tutorial’s net': { build: inRow(first(32, 3), pool(2), conv(3), pool(2), flat), reads: [30, 14] },
  'pools that reach the end': { build: inRow(first(10, 3), pool(2), conv(3), pool(2), flat), reads: [10, 4] },
  'a padded convolution, which is cut behind': {
    build: inRow(first(11, 3, { padding: 'same' }), pool(2), conv(2, { padding: 'same' }), conv(2), pool(3), flat),
    reads: [11, 5, 4],
  },
  'strides and holes': {
    build: inRow(
      first(25, 3, { strides: 2 }),
      conv(3, { dilationRate: 2 }),
      pool(3, { strides: 2 }),
      conv(1),
      pool(2),
      flat,
    ),
    reads: [19, 9, 2],
  },
  'activations, and normalisation and noise but in training': {
    build: inRow(
      first(13, 3),
      (layers) => layers.batchNormalization({}),
      (layers) => layers.leakyReLU(),
      (layers) => layers.dropout({ rate: 0.5 }),
      pool(4),
      flat,
    ),
    reads: [10],
    readsInTraining: [13],
  },
  'an output that is also read by a pool': {
    build: (tf) => {
      const x = tf.input({ shape: [7, 7, 2] })
      const y = conv(3)(tf.layers).apply(x) as SymbolicTensor
      return tf.model({ inputs: x, outputs: [pool(2)(tf.layers).apply(y) as SymbolicTensor, y] })
    },
    reads: [7],
  },
  'two readers, of which one reads on': {
    build: (tf) => {
      const x = tf.input({ shape: [11, 11, 2] })
      const y = conv(3)(tf.layers).apply(x) as SymbolicTensor
      const ends = [pool(4), conv(4, { strides: 4 }), pool(5, { strides: 3 })].map((layer) =>
        tf.layers.flatten().apply(layer(tf.layers).apply(y) as SymbolicTensor),
      )
      return tf.model({ inputs: x, outputs: tf.layers.concatenate().apply(ends as SymbolicTensor[]) as SymbolicTensor })
    },
    reads: [10, 8],
  },
  'a convolution in two places': {
    build: (tf) => {
      const shared = conv(3, { padding: 'valid' })(tf.layers)
      const x = tf.input({ shape: [9, 9, 2] })
      const y = shared.apply(shared.apply(x)) as SymbolicTensor
      return tf.model({ inputs: x, outputs: pool(2)(tf.layers).apply(y) as SymbolicTensor })
    },
    reads: [9, 7],
  },
  'a model in a model': {
    build: (tf) => {
      const inner = inRow(first(9, 3), pool(3), flat)(tf)
      const x = tf.input({ shape: [9, 9, 2] })
      return tf.model({ inputs: x, outputs: inner.apply(x) as SymbolicTensor })
    },
    reads: [8],
  },
  'a picture of any size': {
    build: inRow(conv(3, { inputShape: [null, null, 2] }), pool(2), (layers) => layers.globalMaxPooling2d({} as never)),
    reads: [32],
  },
  sequences: {
    build: inRow(
      (layers) => layers.conv1d({ inputShape: [20, 2], filters: 2, kernelSize: 4 }),
      (layers) => layers.averagePooling1d({ poolSize: 3 }),
      flat,
    ),
    reads: [18],
  },
}

/** Gives the model's numbers and the sides that its convolutions were given. */
function watch({ native }: NativeKernels, run: () => Tensor | Tensor[]) {
  const { backend } = native
  const reads: number[] = []
  const stock = backend.executeSingleOutput
  backend.executeSingleOutput = (name, attrs, inputs) => {
    if (name === 'Conv2D') reads.push(Math.max(...(inputs[0]?.shape.slice(1, -1) ?? [])))
    return stock.call(backend, name, attrs, inputs)
  }
  try {
    return { numbers: [run()].flat().flatMap((output) => [...output.dataSync()]), reads }
  } finally {
    Reflect.deleteProperty(backend, 'executeSingleOutput')
  }
}

it.for(Object.entries(cases))('%s', async ([, { build, reads, readsInTraining = reads }], context) => {
  const kernels = await nativeKernels(context)
  const { tf } = kernels
  const model = build(tf)
  const shape = model.inputs[0]?.shape.map((size, axis) => size ?? (axis === 0 ? 3 : 32)) as number[]
  tf.tidy(() => {
    const [x, other] = [1, 2].map((seed) => tf.randomNormal(shape, 0, 1, 'float32', seed)) as [Tensor, Tensor]
    const apply = (input: Tensor, training = false) => model.apply(input, { training }) as Tensor
    const whole = watch(kernels, () => apply(x))
    const cut = watch(kernels, () => withoutUnreadEdges(kernels, model, false, () => apply(x)))
    expect(cut.reads).toEqual(reads)
    expect(relativeError(cut.numbers, whole.numbers)).toBeLessThan(1e-6)
    expect(relativeError(cut.numbers, watch(kernels, () => apply(other)).numbers)).toBeGreaterThan(1e-2)
    expect(watch(kernels, () => withoutUnreadEdges(kernels, model, true, () => apply(x, true))).reads).toEqual(
      readsInTraining,
    )
    expect(watch(kernels, () => apply(x)).reads).toEqual(whole.reads)
  })
  model.dispose()
})
