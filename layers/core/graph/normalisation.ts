/** Batch and layer normalisation in few operations, in place of tfjs' many, for as long as a training step is recorded. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel, LayerVariable, SymbolicTensor } from '@tensorflow/tfjs-layers'
import type { NativeSurface } from '../kernels/index.ts'
import { classNames, everyLayer, type LayerLike, withProperties } from './layers.ts'
import type { NativeKernels } from './step.ts'

interface Normalisation extends LayerLike {
  readonly trainable: boolean
  readonly axis: number | readonly number[]
  readonly epsilon: number
  readonly momentum: number
  readonly gamma?: LayerVariable
  readonly beta?: LayerVariable
  readonly movingMean: LayerVariable
  readonly movingVariance: LayerVariable
}

type Call = (inputs: Tensor | Tensor[], kwargs: Record<string, unknown>) => Tensor | Tensor[]

/** Runs `body` with normalisation layers that give the same numbers by TensorFlow's fused operations. */
export function withFusedNormalisation<T>(kernels: NativeKernels, model: LayersModel, body: () => T): T {
  const changes = everyLayer(model).flatMap((layer) => {
    const names = classNames(layer)
    const own = layer as Normalisation
    // A frozen one never sees what is normal in a batch.
    if (names.includes('BatchNormalization'))
      return own.trainable ? [[layer, { call: batchCall(kernels, own) }] as const] : []
    if (names.includes('LayerNormalization')) return [[layer, { call: layerCall(kernels, own) }] as const]
    return []
  })
  return withProperties(changes, body)
}

/** Runs `body` with ones and zeros where a layer has no gamma or beta, without which tfjs' own training pass fails. */
export function withWholeNormalisation<T>({ tf }: NativeKernels, model: LayersModel, body: () => T): T {
  const changes = everyLayer(model).flatMap((layer) => {
    if (!classNames(layer).some((name) => /^(Batch|Layer)Normalization$/.test(name))) return []
    const { gamma, beta, movingMean, axis } = layer as Normalisation
    const input = (layer as unknown as { readonly input: SymbolicTensor }).input.shape
    const shape = movingMean?.shape ?? [axis].flat().map((index) => input.at(index) ?? 1)
    return [
      ...(gamma ? [] : [[layer, { scale: true, gamma: { read: () => tf.ones(shape as number[]) } }] as const]),
      ...(beta ? [] : [[layer, { center: true, beta: { read: () => tf.zeros(shape as number[]) } }] as const]),
    ]
  })
  return withProperties(changes, body)
}

function batchCall(kernels: NativeKernels, layer: Normalisation): Call {
  const { tf } = kernels
  const stock = (layer.call as Call).bind(layer)
  return (inputs, kwargs) => {
    const x = only(inputs)
    // Keras 2 writes it as a list of one for TF.js.
    const [axis] = [layer.axis].flat()
    const last = axis === -1 || axis === x.shape.length - 1
    if (kwargs.training !== true || !last || kwargs.mask) return stock(inputs, kwargs)
    const channels = x.shape.at(-1) as number
    const gamma = layer.gamma?.read() ?? tf.ones([channels])
    const beta = layer.beta?.read() ?? tf.zeros([channels])
    return tf.tidy(() => {
      const { y, mean, variance } = normaliseBatch(kernels, x, gamma, beta, layer.epsilon)
      for (const [statistic, value] of [
        [layer.movingMean, mean],
        [layer.movingVariance, variance],
      ] as const) {
        statistic.write(tf.sub(statistic.read(), tf.mul(tf.sub(statistic.read(), value), 1 - layer.momentum)))
        value.dispose()
      }
      return y
    })
  }
}

/** Mean and variance (divided by n) over all but the last dimension come from the operation itself; the caller disposes them. */
function normaliseBatch(
  { tf, native }: NativeKernels,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
): { y: Tensor; mean: Tensor; variance: Tensor } {
  const channels = x.shape.at(-1) as number
  const attrs = fusedAttrs(native, epsilon)
  const results: Tensor[] = []
  const fused = tf.customGrad((image, scale, offset, save) => {
    const given = [image, scale, offset] as Tensor[]
    const outputs = native.executeMultipleOutputs(
      'FusedBatchNormV3',
      attrs,
      [...given, tf.tensor1d([]), tf.tensor1d([])],
      6,
    )
    // The results of a custom gradient's function are freed but for its value.
    results.push(tf.keep(outputs[1] as Tensor), tf.keep(outputs[4] as Tensor))
    const [y, , , ...reserved] = outputs
    ;(save as (tensors: Tensor[]) => void)([...given.slice(0, 2), ...reserved])
    return {
      value: y as Tensor,
      gradFunc: (dy, saved) =>
        native.executeMultipleOutputs('FusedBatchNormGradV3', attrs, [dy, ...(saved as Tensor[])], 5).slice(0, 3),
    }
  })
  const flat = x.shape.length === 4 ? x : tf.reshape(x, [-1, 1, 1, channels])
  const y = tf.reshape(fused(flat as Tensor, gamma, beta), x.shape)
  return { y, mean: results[0] as Tensor, variance: results[1] as Tensor }
}

function fusedAttrs({ attrTypes, dtypes }: NativeSurface, epsilon: number) {
  return [
    { name: 'T', type: attrTypes.type, value: dtypes.float32 },
    { name: 'U', type: attrTypes.type, value: dtypes.float32 },
    { name: 'epsilon', type: attrTypes.float, value: epsilon },
    { name: 'data_format', type: attrTypes.string, value: 'NHWC' },
    { name: 'is_training', type: attrTypes.bool, value: true },
  ]
}

function layerCall({ tf }: NativeKernels, layer: Normalisation): Call {
  return (inputs) => {
    const x = only(inputs)
    const axes = [layer.axis].flat()
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1))
    return tf.tidy(() => {
      const normed = normaliseOver({ tf }, x, axes, layer.epsilon)
      const scaled = layer.gamma === undefined ? normed : tf.mul(normed, tf.reshape(layer.gamma.read(), shape))
      return layer.beta === undefined ? scaled : tf.add(scaled, tf.reshape(layer.beta.read(), shape))
    })
  }
}

/** Mean 0, variance 1 over the axes. */
function normaliseOver({ tf }: Pick<NativeKernels, 'tf'>, x: Tensor, axes: number[], epsilon: number): Tensor {
  const mean = (values: Tensor): Tensor => tf.mean(values, axes, true)
  const normalise = tf.customGrad((input, save) => {
    const centred = tf.sub(input as Tensor, mean(input as Tensor))
    const inverse = tf.rsqrt(tf.add(mean(tf.square(centred)), epsilon))
    const value: Tensor = tf.mul(centred, inverse)
    ;(save as (tensors: Tensor[]) => void)([value, inverse])
    return {
      value,
      gradFunc(dy, saved) {
        const [normed, scale] = saved as [Tensor, Tensor]
        const parallel = tf.mul(normed, mean(tf.mul(dy, normed)))
        return tf.mul(scale, tf.sub(tf.sub(dy, mean(dy)), parallel))
      },
    }
  })
  return normalise(x)
}

const only = (inputs: Tensor | Tensor[]): Tensor => (Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs)
