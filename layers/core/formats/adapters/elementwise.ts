/** Layers that work element by element, or along one axis, on their inputs. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { axesOf, broadcastShapes, defineLayer, type LayerClass, type Options } from './define.ts'

interface ReluOptions extends Options {
  readonly maxValue: number | null
  readonly negativeSlope: number
  readonly threshold: number
}

/** Noise of this shape drops whole feature maps: every axis between batch and channels is one. */
const spatialNoise = (x: Tensor): number[] =>
  x.shape.map((size, axis) => (axis === 0 || axis === x.rank - 1 ? size : 1))

export const elementwiseLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer(tf, {
    className: 'Subtract',
    outputShape: broadcastShapes,
    call: ([a, b]) => (a as Tensor).sub(b as Tensor),
  }),
  // `Identity` alone is an initialiser in tfjs.
  defineLayer(tf, { className: 'KerasIdentity', call: ([x]) => (x as Tensor).clone() }),
  defineLayer<ReluOptions>(tf, {
    className: 'KerasReLU',
    call: ([x], { options: { maxValue, negativeSlope, threshold } }) => {
      const input = x as Tensor
      const bent = tf.where(input.greaterEqual(threshold), input, input.sub(threshold).mul(negativeSlope))
      return maxValue === null || maxValue === undefined ? bent : bent.minimum(maxValue)
    },
  }),
  defineLayer<Options & { alpha: number }>(tf, {
    className: 'KerasELU',
    call: ([x], { options: { alpha } }) => {
      const input = x as Tensor
      return tf.where(input.greater(0), input, input.minimum(0).exp().sub(1).mul(alpha))
    },
  }),
  defineLayer<Options & { axis: number | readonly number[] }>(tf, {
    className: 'KerasSoftmax',
    call: ([x], { options: { axis } }) => {
      const input = x as Tensor
      const axes = axesOf(axis, input.rank)
      const powers = input.sub(input.max(axes, true)).exp()
      return powers.div(powers.sum(axes, true))
    },
  }),
  ...['SpatialDropout2D', 'SpatialDropout3D'].map((className) =>
    defineLayer<Options & { rate: number; seed?: number | null }>(tf, {
      className,
      call: ([x], { options: { rate, seed }, training }) => {
        const input = x as Tensor
        if (!training || rate === 0) return input.clone()
        const kept = tf.dropout(tf.ones(spatialNoise(input)), rate, undefined, seed ?? undefined)
        return input.mul(kept)
      },
    }),
  ),
]
