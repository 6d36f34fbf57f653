/** Numbers into classes, and classes into vectors. */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options } from './define.ts'

export const categoricalLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<Options & { binBoundaries: readonly number[]; outputMode?: string }>(tf, {
    className: 'Discretization',
    passesMask: false,
    outputShape: ([shape = []], { binBoundaries, outputMode = 'int' }) =>
      outputMode === 'int' ? [...shape] : vectorShape(shape, binBoundaries.length + 1, outputMode),
    call: ([x], { options: { binBoundaries, outputMode = 'int' } }) => {
      const bins = binBoundaries.reduce<Tensor>(
        (sum, boundary) => sum.add((x as Tensor).greaterEqual(boundary).toInt()),
        tf.zerosLike(x as Tensor).toInt(),
      )
      return outputMode === 'int' ? bins : vectors(tf, bins, binBoundaries.length + 1, outputMode)
    },
  }),
  defineLayer<Options & { vocabulary: readonly number[]; unknown: number; mask: number | null; outputMode: string }>(
    tf,
    {
      className: 'IntegerLookup',
      passesMask: false,
      outputShape: ([shape = []], { vocabulary, unknown, outputMode }) => {
        return outputMode === 'int' ? [...shape] : vectorShape(shape, vocabulary.length + unknown, outputMode)
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
        return vectors(tf, index, vocabulary.length + unknown, outputMode)
      },
    },
  ),
  defineLayer<Options & { numTokens: number; outputMode: string }>(tf, {
    className: 'KerasCategoryEncoding',
    passesMask: false,
    outputShape: ([shape = []], { numTokens, outputMode }) => vectorShape(shape, numTokens, outputMode),
    call: ([x], { options: { numTokens, outputMode } }) => vectors(tf, x as Tensor, numTokens, outputMode),
  }),
]

/** One vector for each number, or one for a row of them. */
const vectorShape = (shape: Shape, size: number, mode: string): Shape =>
  mode === 'oneHot' && shape.at(-1) !== 1 ? [...shape, size] : [...shape.slice(0, -1), size]

const vectors = (tf: TensorFlow, x: Tensor, size: number, mode: string): Tensor => {
  const each = tf
    .oneHot(x.toInt().flatten() as Tensor1D, size)
    .toFloat()
    .reshape([...x.shape, size])
  if (mode === 'oneHot') return x.shape.at(-1) === 1 ? each.squeeze([-2]) : each
  return mode === 'count' ? each.sum(-2) : each.max(-2)
}
