/** Pooling over all positions: in three dimensions, keeping dimensions, or leaving masked steps out. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options } from './define.ts'

type PoolOptions = Options & { keepdims?: boolean }

const pooled = ([shape = []]: readonly Shape[], { keepdims }: PoolOptions): Shape =>
  keepdims
    ? shape.map((size, axis) => (axis === 0 || axis === shape.length - 1 ? size : 1))
    : [shape[0] ?? null, shape.at(-1) ?? null]

const positions = (x: Tensor): number[] => x.shape.slice(1, -1).map((_, axis) => axis + 1)

export const poolingLayers = (tf: TensorFlow): LayerClass[] => [
  ...['KerasGlobalMaxPooling1D', 'KerasGlobalMaxPooling2D', 'GlobalMaxPooling3D'].map((className) =>
    defineLayer<PoolOptions>(tf, {
      className,
      passesMask: false,
      outputShape: pooled,
      call: ([x], { options }) => (x as Tensor).max(positions(x as Tensor), options.keepdims ?? false),
    }),
  ),
  ...['KerasGlobalAveragePooling2D', 'GlobalAveragePooling3D'].map((className) =>
    defineLayer<PoolOptions>(tf, {
      className,
      passesMask: false,
      outputShape: pooled,
      call: ([x], { options }) => (x as Tensor).mean(positions(x as Tensor), options.keepdims ?? false),
    }),
  ),
  defineLayer<PoolOptions>(tf, {
    className: 'KerasGlobalAveragePooling1D',
    passesMask: false,
    outputShape: pooled,
    call: ([x], { options, masks: [mask] }) => {
      const keep = options.keepdims ?? false
      if (!mask) return (x as Tensor).mean([1], keep)
      const weight = mask.toFloat().expandDims(2)
      return (x as Tensor)
        .mul(weight)
        .sum([1], keep)
        .div(weight.sum([1], keep))
    },
  }),
]
