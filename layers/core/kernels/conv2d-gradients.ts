/** Gradients of a convolution by its definition, position by position of the filter, for what backends have no kernel for. */
import type { GradConfig, NamedAttrMap, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import { UnsupportedError } from '../errors.ts'
import type { TensorFlow } from './tf.ts'

type Shape4D = [number, number, number, number]
type Pad = Parameters<TensorFlow['backend_util']['computeConv2DInfo']>[4]
type Info = ReturnType<TensorFlow['backend_util']['computeConv2DInfo']>

/** What tfjs passes as attributes of Conv2D and of its gradients. */
interface Attributes {
  readonly strides: [number, number] | number
  readonly pad: Pad
  readonly dataFormat: 'NHWC' | 'NCHW'
  readonly dilations?: [number, number] | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** The one training kernel the WASM backend lacks. */
export function registerConv2DFilterGradient(tf: TensorFlow): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, 'wasm') !== undefined) return
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: 'wasm',
    kernelFunc({ inputs, attrs }) {
      const { x, dy } = inputs as unknown as { x: Tensor4D; dy: Tensor4D }
      const attributes = attrs as unknown as Attributes & { filterShape: Shape4D }
      const info = infoOf(tf, x.shape, attributes.filterShape, attributes)
      return tf.tidy(() => filterGradient(tf, x, info, fullProducts(tf, dy, info)))
    },
  })
}

/** Of dilated convolutions, which tfjs refuses; others take the kernels of the stock gradients. */
export const dilatedGradients = (tf: TensorFlow): GradConfig[] => [
  dilatedGradient(tf, tf.getGradient(tf.Conv2D), fullProducts, false),
  dilatedGradient(tf, tf.getGradient(tf.DepthwiseConv2dNative), depthwiseProducts, true),
]

const dilatedGradient = (
  tf: TensorFlow,
  stock: GradConfig,
  productsOf: ProductsOf,
  depthwise: boolean,
): GradConfig => ({
  ...stock,
  gradFunc(gradient, saved, attrs) {
    const attributes = attrs as unknown as Attributes
    if ([attributes.dilations ?? 1].flat().every((rate) => rate === 1)) {
      return stock.gradFunc(gradient, saved, attrs as NamedAttrMap)
    }
    const [x, filter] = saved as unknown as [Tensor4D, Tensor4D]
    const info = infoOf(tf, x.shape, filter.shape, attributes, depthwise)
    const products = productsOf(tf, gradient as Tensor4D, info)
    return {
      x: () => inputGradient(tf, filter, info, products),
      filter: () => filterGradient(tf, x, info, products),
    }
  },
})

/** What one position of the filter has to do with the gradient of the outputs. */
interface Products {
  /** From the inputs it met, `[rows, height, width, channels]` of the output, to its own gradient. */
  readonly ofWindow: (window: Tensor4D) => Tensor2D
  /** From its own weights, `[channels, outputs]`, to the gradient of the inputs it met. */
  readonly ofWeights: (weights: Tensor2D) => Tensor4D
}
type ProductsOf = (tf: TensorFlow, dy: Tensor4D, info: Info) => Products

const fullProducts: ProductsOf = (tf, dy, { inChannels, outChannels, outHeight, outWidth }) => {
  const gradients: Tensor2D = tf.reshape(dy, [-1, outChannels])
  return {
    ofWindow: (window) => tf.matMul(tf.reshape(window, [-1, inChannels]), gradients, true, false),
    ofWeights: (weights) =>
      tf.reshape(tf.matMul(gradients, weights, false, true), [-1, outHeight, outWidth, inChannels]),
  }
}

/** Each channel has outputs of its own. */
const depthwiseProducts: ProductsOf = (tf, dy, { inChannels, outHeight, outWidth }) => {
  const gradients: Tensor3D = tf.reshape(dy, [dy.size / (dy.shape[3] as number), inChannels, -1])
  return {
    ofWindow: (window) => tf.sum(tf.mul(tf.reshape(window, [-1, inChannels, 1]), gradients), 0),
    ofWeights: (weights) => tf.reshape(tf.sum(tf.mul(gradients, weights), -1), [-1, outHeight, outWidth, inChannels]),
  }
}

const infoOf = (tf: TensorFlow, x: Shape4D, filter: Shape4D, attributes: Attributes, depthwise = false): Info => {
  const { strides, dilations = 1, pad, dimRoundingMode, dataFormat } = attributes
  if (dataFormat !== 'NHWC') {
    throw new UnsupportedError('Such convolutions are trained in channels-last layout (NHWC) only.')
  }
  return tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, pad, dimRoundingMode, depthwise)
}

/** Where each position of the filter begins in the padded image, row by row. */
const positionsOf = (info: Info): [row: number, column: number][] =>
  Array.from({ length: info.filterHeight }, (_, row) =>
    Array.from({ length: info.filterWidth }, (_, column): [number, number] => [
      row * info.dilationHeight,
      column * info.dilationWidth,
    ]),
  ).flat()

/** Of each position by the inputs that it met: a strided window of the padded image. */
function filterGradient(tf: TensorFlow, x: Tensor4D, info: Info, { ofWindow }: Products): Tensor4D {
  const { top, bottom, left, right } = info.padInfo
  const { batchSize, inChannels, outHeight, outWidth, strideHeight, strideWidth } = info
  const padded = tf.pad4d(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ])
  const gradients = positionsOf(info).map(([row, column]) => {
    const end = [row + (outHeight - 1) * strideHeight + 1, column + (outWidth - 1) * strideWidth + 1] as const
    const window = tf.stridedSlice(
      padded,
      [0, row, column, 0],
      [batchSize, end[0], end[1], inChannels],
      [1, strideHeight, strideWidth, 1],
    )
    return ofWindow(window as Tensor4D)
  })
  return tf.reshape(tf.stack(gradients), info.filterShape)
}

/** Each output's gradient goes back to the inputs that it was made of. A dilated convolution has strides of 1. */
function inputGradient(tf: TensorFlow, filter: Tensor4D, info: Info, { ofWeights }: Products): Tensor4D {
  const { top, bottom, left, right } = info.padInfo
  const { inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info
  const [height, width] = [inHeight + top + bottom, inWidth + left + right]
  const weights = tf.unstack(tf.reshape(filter, [filterHeight * filterWidth, ...filter.shape.slice(2)])) as Tensor2D[]
  const parts = positionsOf(info).map(([row, column], at) =>
    tf.pad4d(ofWeights(weights[at] as Tensor2D), [
      [0, 0],
      [row, height - row - outHeight],
      [column, width - column - outWidth],
      [0, 0],
    ]),
  )
  return tf.slice4d(tf.addN(parts), [0, top, left, 0], [-1, inHeight, inWidth, inChannels])
}
