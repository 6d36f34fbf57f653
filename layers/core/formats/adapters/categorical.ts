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
  defineLayer<Options & { vocabulary: readonly number[]; unknown: number; mask: number | null; outputMode: string }>(
    tf,
    {
      className: 'IntegerLookup',
      passesMask: false,
      outputShape: ([shape = []], { vocabulary, unknown, outputMode }) => {
        const size = vocabulary.length + unknown
        if (outputMode === 'int') return [...shape]
        return outputMode === 'oneHot' && shape.at(-1) !== 1 ? [...shape, size] : [...shape.slice(0, -1), size]
      },
      call: ([x], { options: { vocabulary, unknown, mask, outputMode } }) => {
        const input = (x as Tensor).toInt()
        const first = unknown + (mask === null ? 0 : 1)
        // No value is listed twice, so at most one position answers.
        const equal = input.expandDims(-1).equal(tf.tensor1d([...vocabulary], 'int32'))
        const found = equal
          .toInt()
          .mul(tf.range(first, first + vocabulary.length, 1, 'int32'))
          .sum(-1)
        const missing = found
          .equal(0)
          .toInt()
          .mul(first - unknown)
        const masked = mask === null ? null : input.notEqual(mask).toInt()
        const index = masked ? found.add(missing).mul(masked) : found.add(missing)
        if (outputMode === 'int') return index.toInt()
        const size = vocabulary.length + unknown
        const vectors = tf
          .oneHot(index.toInt().flatten(), size)
          .toFloat()
          .reshape([...input.shape, size])
        if (outputMode === 'oneHot') return input.shape.at(-1) === 1 ? vectors.squeeze([-2]) : vectors
        return outputMode === 'count' ? vectors.sum(-2) : vectors.max(-2)
      },
    },
  ),
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
