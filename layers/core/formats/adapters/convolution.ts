/** Convolutions that tfjs-layers lacks: groups, causal padding, dilated depthwise ones, and several in one dimension. */
import type { Tensor, Tensor3D, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { activate, type Call, defineLayer, type LayerClass, type Options, sized, type WeightSpec } from './define.ts'

interface ConvOptions extends Options {
  readonly filters: number
  readonly kernelSize: readonly number[]
  readonly strides: readonly number[]
  readonly dilationRate: readonly number[]
  readonly padding: 'valid' | 'same' | 'causal'
  readonly groups?: number
  readonly depthMultiplier: number
  readonly useBias: boolean
  readonly activation: string | null
}

export const convolutionLayers = (tf: TensorFlow): LayerClass[] => [
  ...[1, 2, 3].map((axes) => grouped(tf, axes)),
  transposed1d(tf),
  depthwise1d(tf),
  dilatedDepthwise2d(tf),
  separable1d(tf),
]

const channels = (shapes: readonly Shape[]): number => shapes[0]?.at(-1) ?? 0

const bias = ({ useBias }: ConvOptions, size: number): WeightSpec[] =>
  useBias ? [{ name: 'bias', shape: [size] }] : []

/** Adds the bias and applies the activation. */
const finish = (x: Tensor, { tf, options, weights }: Call<ConvOptions>): Tensor =>
  activate(tf, options.activation, weights.bias ? x.add(weights.bias) : x)

/** Output length of a convolution along one axis. */
const lengthOf = (size: number, { kernelSize, strides, dilationRate, padding }: ConvOptions, axis: number): number => {
  const stride = strides[axis] ?? 1
  const extent = ((kernelSize[axis] ?? 1) - 1) * (dilationRate[axis] ?? 1) + 1
  return padding === 'valid' ? Math.floor((size - extent) / stride) + 1 : Math.ceil(size / stride)
}

const outputShape =
  (filters: (options: ConvOptions, channels: number) => number) =>
  (shapes: readonly Shape[], options: ConvOptions): Shape => {
    const [shape = []] = shapes
    const spatial = shape.slice(1, -1).map((size, axis) => sized(size, (known) => lengthOf(known, options, axis)))
    return [shape[0] ?? null, ...spatial, filters(options, channels(shapes))]
  }

/** Each group of input channels has filters of its own. */
const grouped = (tf: TensorFlow, axes: number): LayerClass =>
  defineLayer<ConvOptions>(tf, {
    className: `KerasConv${axes}D`,
    passesMask: false,
    weights: (options, shapes) => [
      { name: 'kernel', shape: [...options.kernelSize, channels(shapes) / (options.groups ?? 1), options.filters] },
      ...bias(options, options.filters),
    ],
    outputShape: outputShape(({ filters }) => filters),
    call: ([x], call) => {
      const { kernelSize, dilationRate, padding, groups = 1 } = call.options
      const past = padding === 'causal' ? ((kernelSize[0] ?? 1) - 1) * (dilationRate[0] ?? 1) : 0
      const input =
        past > 0
          ? tf.pad(x as Tensor, [
              [0, 0],
              [past, 0],
              [0, 0],
            ])
          : (x as Tensor)
      const kernel = call.weights.kernel as Tensor
      const parts = groups === 1 ? [input] : tf.split(input, groups, -1)
      const kernels = groups === 1 ? [kernel] : tf.split(kernel, groups, -1)
      const outputs = parts.map((part, i) => convolve(tf, part, kernels[i] as Tensor, call.options))
      return finish(outputs.length === 1 ? (outputs[0] as Tensor) : tf.concat(outputs, -1), call)
    },
  })

const convolve = (
  tf: TensorFlow,
  x: Tensor,
  kernel: Tensor,
  { strides, dilationRate, padding }: ConvOptions,
): Tensor => {
  const pad = padding === 'same' ? 'same' : 'valid'
  const [s0 = 1, s1 = 1, s2 = 1] = strides
  const [d0 = 1, d1 = 1] = dilationRate
  if (x.rank === 3) return tf.conv1d(x as Tensor3D, kernel as Tensor3D, s0, pad, 'NWC', d0)
  if (x.rank === 4) return tf.conv2d(x as Tensor4D, kernel as Tensor4D, [s0, s1], pad, 'NHWC', [d0, d1])
  return tf.conv3d(x as Tensor5D, kernel as Tensor5D, [s0, s1, s2], pad)
}

/** As a two-dimensional one of height one. */
const transposed1d = (tf: TensorFlow): LayerClass => {
  const length = (size: number, { kernelSize, strides, padding }: ConvOptions): number => {
    const [kernel = 1] = kernelSize
    const [stride = 1] = strides
    return padding === 'same' ? size * stride : size * stride + Math.max(kernel - stride, 0)
  }
  return defineLayer<ConvOptions>(tf, {
    className: 'Conv1DTranspose',
    passesMask: false,
    weights: (options, shapes) => [
      { name: 'kernel', shape: [options.kernelSize[0] ?? 1, options.filters, channels(shapes)] },
      ...bias(options, options.filters),
    ],
    outputShape: ([shape = []], options) => [
      shape[0] ?? null,
      sized(shape[1], (size) => length(size, options)),
      options.filters,
    ],
    call: ([x], call) => {
      const { filters, strides, padding } = call.options
      const [batch = 1, size = 1] = (x as Tensor).shape
      const output = tf.conv2dTranspose(
        (x as Tensor).expandDims(1) as Tensor4D,
        (call.weights.kernel as Tensor).expandDims(0) as Tensor4D,
        [batch, 1, length(size, call.options), filters],
        [1, strides[0] ?? 1],
        padding === 'same' ? 'same' : 'valid',
      )
      return finish(output.squeeze([1]), call)
    },
  })
}

/** TensorFlow wants equal strides, so the axis of height one is strided along: it has only one position. */
const square = (value: readonly number[] | number): number => (typeof value === 'number' ? value : (value[0] ?? 1))

const depthwise1d = (tf: TensorFlow): LayerClass =>
  defineLayer<ConvOptions>(tf, {
    className: 'DepthwiseConv1D',
    passesMask: false,
    weights: (options, shapes) => [
      { name: 'kernel', shape: [square(options.kernelSize), channels(shapes), options.depthMultiplier] },
      ...bias(options, channels(shapes) * options.depthMultiplier),
    ],
    outputShape: outputShape(({ depthMultiplier }, own) => own * depthMultiplier),
    call: ([x], call) => {
      const { strides, padding } = call.options
      const kernel = (call.weights.kernel as Tensor).expandDims(0) as Tensor4D
      const input = (x as Tensor).expandDims(1) as Tensor4D
      const output = tf.depthwiseConv2d(input, kernel, square(strides), padding === 'same' ? 'same' : 'valid')
      return finish(output.squeeze([1]), call)
    },
  })

/** tfjs-layers' own reads the dilation and computes without it. */
const dilatedDepthwise2d = (tf: TensorFlow): LayerClass =>
  defineLayer<ConvOptions>(tf, {
    className: 'KerasDepthwiseConv2D',
    passesMask: false,
    weights: (options, shapes) => [
      { name: 'depthwise', shape: [...options.kernelSize, channels(shapes), options.depthMultiplier] },
      ...bias(options, channels(shapes) * options.depthMultiplier),
    ],
    outputShape: outputShape(({ depthMultiplier }, own) => own * depthMultiplier),
    call: ([x], call) => {
      const { strides, dilationRate, padding } = call.options
      const pad = padding === 'same' ? 'same' : 'valid'
      const [s0 = 1, s1 = s0] = strides
      const [d0 = 1, d1 = d0] = dilationRate
      const kernel = call.weights.depthwise as Tensor4D
      return finish(tf.depthwiseConv2d(x as Tensor4D, kernel, [s0, s1], pad, 'NHWC', [d0, d1]), call)
    },
  })

const separable1d = (tf: TensorFlow): LayerClass =>
  defineLayer<ConvOptions>(tf, {
    className: 'SeparableConv1D',
    passesMask: false,
    weights: (options, shapes) => [
      { name: 'depthwise_kernel', shape: [square(options.kernelSize), channels(shapes), options.depthMultiplier] },
      { name: 'pointwise_kernel', shape: [1, channels(shapes) * options.depthMultiplier, options.filters] },
      ...bias(options, options.filters),
    ],
    outputShape: outputShape(({ filters }) => filters),
    call: ([x], call) => {
      const { strides, padding } = call.options
      const output = tf.separableConv2d(
        (x as Tensor).expandDims(1) as Tensor4D,
        (call.weights.depthwise_kernel as Tensor).expandDims(0) as Tensor4D,
        (call.weights.pointwise_kernel as Tensor).expandDims(0) as Tensor4D,
        square(strides),
        padding === 'same' ? 'same' : 'valid',
      )
      return finish(output.squeeze([1]), call)
    },
  })
