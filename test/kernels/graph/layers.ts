/** One small model per kind of layer, for inference: what each computes must survive compilation. */
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../../layers/core/kernels/index.ts'

type Layers = TensorFlow['layers']
type Layer = ReturnType<Layers['flatten']>

const image = { inputShape: [6, 6, 2] }
const sequence = { inputShape: [5, 3] }
const volume = { inputShape: [4, 4, 4, 2] }

/** Layers in a row, by what they show. */
const chains: Readonly<Record<string, (layers: Layers) => readonly unknown[]>> = {
  'strided, dilated and padded convolutions': ({ conv2d, zeroPadding2d, cropping2D }) => [
    zeroPadding2d({ ...image, padding: [1, 2] }),
    conv2d({ filters: 3, kernelSize: [2, 3], strides: [2, 1], padding: 'same', useBias: false }),
    conv2d({ filters: 4, kernelSize: 2, dilationRate: 2, activation: 'elu' }),
    cropping2D({
      cropping: [
        [0, 1],
        [1, 0],
      ],
    }),
  ],
  'one-dimensional convolution and pooling': ({ conv1d, maxPooling1d, globalAveragePooling1d }) => [
    conv1d({ ...sequence, filters: 4, kernelSize: 2, activation: 'sigmoid' }),
    maxPooling1d({ poolSize: 2 }),
    globalAveragePooling1d({} as never),
  ],
  'three-dimensional convolution and pooling': ({ conv3d, averagePooling3d, flatten }) => [
    conv3d({ ...volume, filters: 3, kernelSize: 2, activation: 'relu' }),
    averagePooling3d({ poolSize: 2 }),
    flatten(),
  ],
  'transposed and depthwise convolution': ({ conv2dTranspose, depthwiseConv2d, separableConv2d }) => [
    conv2dTranspose({ ...image, filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
    depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
    separableConv2d({ filters: 2, kernelSize: 2 }),
  ],
  'normalisation of batches and of rows': ({ conv2d, batchNormalization, layerNormalization }) => [
    conv2d({ ...image, filters: 4, kernelSize: 2 }),
    batchNormalization({ scale: false }),
    layerNormalization(),
    layerNormalization({ axis: [1, 2], epsilon: 0.1 } as never),
    batchNormalization({ center: false }),
  ],
  'layers of activation': ({ conv2d, prelu, leakyReLU, reLU, elu, thresholdedReLU, softmax }) => [
    conv2d({ ...image, filters: 4, kernelSize: 2 }),
    leakyReLU({ alpha: 0.1 }),
    prelu(),
    elu(),
    reLU({ maxValue: 3 }),
    thresholdedReLU({ theta: 0.01 }),
    softmax({ axis: -1 }),
  ],
  'activations by name': ({ dense }) =>
    ['tanh', 'selu', 'softplus', 'softsign', 'swish', 'gelu', 'mish', 'relu6', 'hardSigmoid', 'softmax'].map(
      (activation, index) =>
        dense({ ...(index === 0 && { inputShape: [4] }), units: 6, activation: activation as never }),
    ),
  'recurrent layers': ({ lstm, gru, simpleRNN, bidirectional, timeDistributed, dense }) => [
    lstm({ ...sequence, units: 4, returnSequences: true }),
    gru({ units: 3, returnSequences: true, resetAfter: false } as never),
    bidirectional({ layer: simpleRNN({ units: 2, returnSequences: true }) as never, mergeMode: 'sum' }),
    timeDistributed({ layer: dense({ units: 3, activation: 'relu' }) }),
    lstm({ units: 3, goBackwards: true }),
  ],
  'an embedding with masked steps': ({ embedding, lstm }) => [
    embedding({ inputDim: 4, outputDim: 3, inputLength: 5, maskZero: true }),
    lstm({ units: 4 }),
  ],
  'changes of shape': ({ dense, reshape, permute, repeatVector, flatten, upSampling2d }) => [
    dense({ inputShape: [4], units: 12 }),
    reshape({ targetShape: [3, 2, 2] }),
    permute({ dims: [3, 1, 2] }),
    upSampling2d({ size: [2, 3] }),
    flatten(),
    repeatVector({ n: 2 }),
  ],
  'layers that only act in training': ({ dense, dropout, gaussianNoise, activation }) => [
    dense({ inputShape: [4], units: 5 }),
    dropout({ rate: 0.5 }),
    gaussianNoise({ stddev: 1 }),
    activation({ activation: 'linear' }),
  ],
  'one output of one row': ({ dense }) => [dense({ inputShape: [1], units: 1 })],
}

/** Models that are no chain. */
const graphs: Readonly<Record<string, (tf: TensorFlow) => LayersModel>> = {
  'two inputs merged in every way, two outputs': (tf) => {
    const { add, average, concatenate, dot, maximum, minimum, multiply, dense } = tf.layers
    const a = tf.input({ shape: [4] })
    const b = tf.input({ shape: [4] })
    const merge = (layer: unknown, tensors = [a, b]) => (layer as Layer).apply(tensors) as SymbolicTensor
    const all = [add(), average(), maximum(), minimum(), multiply()].map((layer) => merge(layer))
    const joined = merge(concatenate(), [...all, merge(dot({ axes: 1, normalize: true }))])
    return tf.model({
      inputs: [a, b],
      outputs: [dense({ units: 2 }).apply(joined) as SymbolicTensor, all[0] as SymbolicTensor],
    })
  },
  'an inner model used twice': (tf) => {
    const inner = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [3], activation: 'relu' })] })
    const input = tf.input({ shape: [3] })
    return tf.model({ inputs: input, outputs: inner.apply(inner.apply(input)) as SymbolicTensor })
  },
}

export const layerModelNames = [...Object.keys(chains), ...Object.keys(graphs)]

/** Weights are drawn from a normal distribution, those of batch statistics made positive, so that nothing is 0 or 1 by chance. */
export function buildLayerModel(tf: TensorFlow, name: string, seed = 1): LayersModel {
  const chain = chains[name]
  const model =
    chain === undefined
      ? (graphs[name] as (tf: TensorFlow) => LayersModel)(tf)
      : tf.sequential({ layers: chain(tf.layers) as Layer[] })
  tf.tidy(() => {
    for (const [index, weight] of model.weights.entries()) {
      const values = tf.randomNormal(weight.shape as number[], 0, 0.5, 'float32', seed * 100 + index)
      weight.write(weight.originalName.includes('variance') ? tf.add(tf.abs(values), 0.5) : values)
    }
  })
  return model
}
