/** Small models of every kind that trains, and batches for them; the same numbers on every call. */
import type { LayersModel, Sequential } from '@tensorflow/tfjs-layers'
import type { Batch, StepConfig } from '../../../layers/core/graph/index.ts'
import type { TensorFlow } from '../../../layers/core/kernels/index.ts'
import type { NativeKernels } from '../native.ts'

export interface Net {
  readonly loss: StepConfig['loss']
  readonly rowShape: readonly number[]
  /** Features are whole numbers below this. @default fractions from 0 to 1 */
  readonly tokens?: number
  /** Numbers per row that the loss compares with; classes for cross-entropy. */
  readonly width: number
  build(tf: TensorFlow): LayersModel
}

const images = [12, 12, 3]
const classifier = { loss: 'sparse_categorical_crossentropy', rowShape: images, width: 5 } as const

const sequential = (tf: TensorFlow, ...layers: Parameters<Sequential['add']>[0][]): LayersModel =>
  tf.sequential({ layers })

const nets = {
  'a convolutional net with L2': {
    ...classifier,
    build: ({ layers, regularizers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.conv2d({
          inputShape: [12, 12, 3],
          filters: 6,
          kernelSize: 3,
          activation: 'relu',
          kernelRegularizer: regularizers.l2({ l2: 0.01 }),
        }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', strides: 2, activation: 'relu' }),
        layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
        layers.flatten(),
        layers.dense({ units: 16, activation: 'tanh', biasRegularizer: regularizers.l1l2({ l1: 0.01, l2: 0.01 }) }),
        layers.dense({ units: 5, activation: 'softmax' }),
      ),
  },
  'batch normalisation': {
    ...classifier,
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.conv2d({ inputShape: [12, 12, 3], filters: 6, kernelSize: 3, useBias: false }),
        layers.batchNormalization({ momentum: 0.9 }),
        layers.activation({ activation: 'relu' }),
        layers.globalAveragePooling2d({} as never),
        layers.dense({ units: 8 }),
        layers.batchNormalization({ momentum: 0.8 }),
        layers.dense({ units: 5, activation: 'softmax' }),
      ),
  },
  'separable convolution and layer normalisation': {
    ...classifier,
    rowShape: [6, 6, 3],
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.separableConv2d({ inputShape: [6, 6, 3], filters: 8, kernelSize: 3, activation: 'relu' }),
        layers.layerNormalization(),
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: 'selu' }),
        layers.globalMaxPooling2d({} as never),
        layers.layerNormalization({ epsilon: 0.01 }),
        layers.batchNormalization({}),
        layers.dense({ units: 5 }),
        layers.softmax({ axis: -1 }),
      ),
  },
  'a residual net with shared layers': {
    ...classifier,
    build: (tf: TensorFlow) => {
      const input = tf.input({ shape: images })
      const shared = tf.layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'sigmoid' })
      const once = shared.apply(input) as typeof input
      const twice = shared.apply(once) as typeof input
      const sum = tf.layers.add().apply([input, twice, once]) as typeof input
      const both = tf.layers.concatenate().apply([sum, once]) as typeof input
      const large = tf.layers.upSampling2d({}).apply(both)
      const flat = tf.layers.globalAveragePooling2d({} as never).apply(large) as typeof input
      const output = tf.layers.dense({ units: 5, activation: 'softmax' }).apply(flat) as typeof input
      return tf.model({ inputs: input, outputs: output })
    },
  },
  'a nested model with a frozen layer': {
    ...classifier,
    build: (tf: TensorFlow) => {
      const inner = sequential(
        tf,
        tf.layers.flatten({ inputShape: images }),
        tf.layers.dense({ units: 7, activation: 'elu', trainable: false }),
        tf.layers.dense({ units: 6, activation: 'softplus' }),
      )
      return sequential(tf, inner as never, tf.layers.dense({ units: 5, activation: 'softmax' }))
    },
  },
  'a softmax in the middle, so that the loss sees probabilities': {
    ...classifier,
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.flatten({ inputShape: images }),
        layers.dense({ units: 5, activation: 'softmax' }),
        layers.reshape({ targetShape: [5] }),
      ),
  },
  'an LSTM': {
    ...classifier,
    rowShape: [4, 3],
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.lstm({ units: 3, inputShape: [4, 3], returnSequences: true }),
        layers.bidirectional({
          layer: layers.gru({ units: 4, resetAfter: false } as never) as never,
          mergeMode: 'concat',
        }),
        layers.dense({ units: 5, activation: 'softmax' }),
      ),
  },
  'an embedding of tokens': {
    ...classifier,
    rowShape: [7],
    tokens: 9,
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.embedding({ inputDim: 9, outputDim: 6, inputLength: 7 }),
        layers.conv1d({ filters: 4, kernelSize: 3, activation: 'relu' }),
        layers.globalAveragePooling1d({} as never),
        layers.dense({ units: 5, activation: 'softmax' }),
      ),
  },
  'a binary classifier': {
    loss: 'binary_crossentropy',
    rowShape: [9],
    width: 1,
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.dense({ units: 8, activation: 'relu', inputShape: [9] }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ),
  },
  'a regression': {
    loss: 'mean_squared_error',
    rowShape: [9],
    width: 1,
    build: ({ layers, ...tf }: TensorFlow) =>
      sequential(
        tf as TensorFlow,
        layers.dense({ units: 8, activation: 'swish' as never, inputShape: [9] }),
        layers.dense({ units: 1 }),
      ),
  },
} satisfies Record<string, Net>

export type NetName = keyof typeof nets
export const netNames = Object.keys(nets) as NetName[]
export const netOf = (name: NetName): Net => nets[name]

/** The net with weights that depend on its structure alone. */
export function buildNet(tf: TensorFlow, net: Net): LayersModel {
  const model = net.build(tf)
  for (const [index, weight] of model.weights.entries()) {
    if (!/kernel|embeddings/.test(weight.originalName)) continue
    const fanIn = weight.shape.slice(0, -1).reduce<number>((product, size) => product * (size ?? 1), 1)
    const data = Float32Array.from({ length: fanIn * (weight.shape.at(-1) ?? 1) }, (_, at) => noise(index, at))
    const scaled = data.map((value) => (value - 0.5) * 2 * Math.sqrt(3 / fanIn))
    tf.tidy(() => {
      weight.write(tf.tensor(scaled, weight.shape as number[]))
    })
  }
  return model
}

export function makeBatch({ loss, rowShape, width, tokens }: Net, rows: number, number: number, bytes = false): Batch {
  const size = rowShape.reduce((product, length) => product * length, rows)
  const fraction = (at: number) => noise(number + 100, at)
  const values = Float32Array.from({ length: size }, (_, at) =>
    tokens === undefined ? fraction(at) : Math.floor(fraction(at) * tokens),
  )
  const classes = loss === 'binary_crossentropy' ? 2 : width
  const hint = (row: number) => fraction((row * size) / rows)
  const targets =
    loss === 'mean_squared_error'
      ? Float32Array.from({ length: rows }, (_, row) => Math.sin(6 * hint(row)))
      : Int32Array.from({ length: rows }, (_, row) => Math.floor(hint(row) * classes))
  return { features: bytes ? Uint8Array.from(values, (value) => value * 256) : values, targets, rows, rowShape }
}

/** A fixed sequence of numbers in 0 to 1 without visible order. */
function noise(stream: number, at: number): number {
  let bits = Math.imul(at + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39)
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32
}

/** Training of a net by Adam, unless `more` says otherwise. */
export const configure = ({ tf }: NativeKernels, net: Net, more: Partial<StepConfig> = {}): StepConfig => ({
  model: buildNet(tf, net),
  loss: net.loss,
  optimizer: { name: 'adam', momentum: 0 },
  inputScale: 1,
  seed: 3,
  ...more,
})
