/** Numbers into classes, and classes into vectors. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options } from './define.ts'

export const categoricalLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<Options & { binBoundaries: readonly number[] }>(tf, {
    className: 'Discretization',
    passesMask: false,
    call: ([x], { options: { binBoundaries } }) =>
      binBoundaries.reduce<Tensor>(
        (bins, boundary) => bins.add((x as Tensor).greaterEqual(boundary).toInt()),
        tf.zerosLike(x as Tensor).toInt(),
      ),
  }),
  defineLayer<Options & { numTokens: number; outputMode: string }>(tf, {
    className: 'KerasCategoryEncoding',
    passesMask: false,
    outputShape: ([shape = []], { numTokens, outputMode }) => {
      if (outputMode === 'oneHot' && shape.at(-1) !== 1) return [...shape, numTokens]
      return [...shape.slice(0, -1), numTokens]
    },
    call: ([x], { options: { numTokens, outputMode } }) => {
      const input = x as Tensor
      const tokens = tf
        .oneHot(input.toInt().flatten(), numTokens)
        .toFloat()
        .reshape([...input.shape, numTokens])
      if (outputMode === 'oneHot') return input.shape.at(-1) === 1 ? tokens.squeeze([-2]) : tokens
      return outputMode === 'count' ? tokens.sum(-2) : tokens.max(-2)
    },
  }),
]
