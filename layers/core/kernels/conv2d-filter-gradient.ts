/** The one training kernel the WASM backend lacks, composed from those it has. */
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { UnsupportedError } from '../errors.ts'
import type { TensorFlow } from './tf.ts'

type Shape4D = [number, number, number, number]
type Pad = Parameters<TensorFlow['backend_util']['computeConv2DInfo']>[4]

/** What tfjs passes as attributes of Conv2DBackpropFilter. */
interface Attributes {
  readonly strides: [number, number] | number
  readonly pad: Pad
  readonly dataFormat: 'NHWC' | 'NCHW'
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly filterShape: Shape4D
}

/**
 * For each filter position, the inputs it met (a strided window of the padded image) times the gradients of the
 * outputs it contributed to: one matrix product per position.
 */
export function registerConv2DFilterGradient(tf: TensorFlow): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, 'wasm') !== undefined) return
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: 'wasm',
    kernelFunc({ inputs, attrs }) {
      const { x, dy } = inputs as unknown as { x: Tensor4D; dy: Tensor4D }
      const attributes = attrs as unknown as Attributes
      if (attributes.dataFormat !== 'NHWC') {
        throw new UnsupportedError('The WASM backend trains convolutions in channels-last layout (NHWC) only.')
      }
      return tf.tidy(() => filterGradient(tf, x, dy, attributes))
    },
  })
}

function filterGradient(tf: TensorFlow, x: Tensor4D, dy: Tensor4D, attributes: Attributes): Tensor4D {
  const { strides, pad, dimRoundingMode, filterShape } = attributes
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode)
  const { top, bottom, left, right } = info.padInfo
  const { batchSize, inChannels, outChannels, outHeight, outWidth, strideHeight, strideWidth } = info
  const padded = tf.pad4d(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ])
  const rows = batchSize * outHeight * outWidth
  const gradients: Tensor2D = tf.reshape(dy, [rows, outChannels])
  const positions: Tensor2D[] = []
  for (let row = 0; row < info.filterHeight; row++) {
    for (let column = 0; column < info.filterWidth; column++) {
      const end = [row + (outHeight - 1) * strideHeight + 1, column + (outWidth - 1) * strideWidth + 1] as const
      const window = tf.stridedSlice(
        padded,
        [0, row, column, 0],
        [batchSize, end[0], end[1], inChannels],
        [1, strideHeight, strideWidth, 1],
      )
      positions.push(tf.matMul(tf.reshape(window, [rows, inChannels]), gradients, true, false))
    }
  }
  return tf.reshape(tf.stack(positions), filterShape)
}
