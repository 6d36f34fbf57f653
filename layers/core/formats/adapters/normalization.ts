/** Normalisations beside batch and layer normalisation. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { axesOf, defineLayer, type LayerClass, type Options } from './define.ts'

interface NormOptions extends Options {
  readonly axis: number | readonly number[] | null
  readonly epsilon: number
}
interface GroupOptions extends NormOptions {
  readonly groups: number
  readonly center: boolean
  readonly scale: boolean
}
interface GivenOptions extends Options {
  readonly axis: readonly number[] | null
  readonly mean: unknown
  readonly variance: unknown
  readonly invert: boolean
}

export const normalizationLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<NormOptions>(tf, {
    className: 'RMSNormalization',
    passesMask: false,
    weights: ({ axis }, [shape = []]) => [
      { name: 'scale', shape: axesOf(axis, shape.length).map((one) => shape[one] ?? 1) },
    ],
    call: ([x], { options: { axis, epsilon }, weights }) => {
      const input = x as Tensor
      const power = input.square().mean(axesOf(axis, input.rank), true)
      return input.mul(power.add(epsilon).rsqrt()).mul(weights.scale as Tensor)
    },
  }),
  defineLayer<NormOptions>(tf, {
    className: 'UnitNormalization',
    call: ([x], { options: { axis } }) => {
      const input = x as Tensor
      return input.mul(input.square().sum(axesOf(axis, input.rank), true).maximum(1e-12).rsqrt())
    },
  }),
  defineLayer<GroupOptions>(tf, {
    className: 'GroupNormalization',
    weights: ({ scale, center }, [shape = []]) => {
      const size = [shape.at(-1) ?? 1]
      return [...(scale ? [{ name: 'gamma', shape: size }] : []), ...(center ? [{ name: 'beta', shape: size }] : [])]
    },
    call: ([x], { options, weights }) => {
      const input = x as Tensor
      const channels = input.shape.at(-1) ?? 1
      const groups = options.groups === -1 ? channels : options.groups
      const parted = input.reshape([input.shape[0] ?? 1, -1, groups, channels / groups])
      const { mean, variance } = tf.moments(parted, [1, 3], true)
      const normal = parted.sub(mean).mul(variance.add(options.epsilon).rsqrt()).reshape(input.shape)
      const scaled = weights.gamma ? normal.mul(weights.gamma) : normal
      return weights.beta ? scaled.add(weights.beta) : scaled
    },
  }),
  defineLayer<GivenOptions>(tf, {
    className: 'Normalization',
    weights: ({ axis, mean }, [shape = []]) => {
      if (mean !== null && mean !== undefined) return []
      const size = (axis ?? []).length === 0 ? [] : axesOf(axis, shape.length).map((one) => shape[one] ?? 1)
      return [
        { name: 'mean', shape: size, trainable: false },
        { name: 'variance', shape: size, trainable: false },
      ]
    },
    call: ([x], { options, weights }) => {
      const input = x as Tensor
      const axes = (options.axis ?? []).length === 0 ? [] : axesOf(options.axis, input.rank)
      const wide = (value: Tensor) =>
        value.size === 1
          ? value.reshape([])
          : value.reshape(input.shape.map((size, axis) => (axes.includes(axis) ? size : 1)))
      const mean = wide(weights.mean ?? tf.tensor(options.mean as number[]))
      const deviation = wide(weights.variance ?? tf.tensor(options.variance as number[]))
        .sqrt()
        .maximum(1e-7)
      return options.invert ? input.mul(deviation).add(mean) : input.sub(mean).div(deviation)
    },
  }),
]
