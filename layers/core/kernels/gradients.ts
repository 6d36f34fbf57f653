/** Gradients that tfjs lacks or gets wrong; for all backends. */
import type { GradConfig, Tensor, Tensor5D } from '@tensorflow/tfjs-core'
import { dilatedGradients } from './conv2d-gradients.ts'
import type { TensorFlow } from './tf.ts'

export function completeGradients(tf: TensorFlow): void {
  const comparisons = [tf.Equal, tf.NotEqual, tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual, tf.LogicalAnd]
  const questions = [tf.LogicalNot, tf.All, tf.Any, tf.IsNan, tf.IsInf, tf.IsFinite, tf.ArgMax, tf.ArgMin]
  for (const gradient of [
    // tfjs gives a division without remainder the gradient of one with it.
    ...[...comparisons, tf.LogicalOr, tf.FloorDiv].map((name) => stepwise(tf, name, ['a', 'b'])),
    ...questions.map((name) => stepwise(tf, name, ['x'])),
    castGradient(tf),
    extreme(tf, tf.Max),
    extreme(tf, tf.Min),
    einsumGradient(tf),
    topKGradient(tf),
    cumulatedSumGradient(tf),
    cumulatedProductGradient(tf),
    stridedSliceGradient(tf),
    transposedConv3DGradient(tf),
    ...dilatedGradients(tf),
  ]) {
    tf.registerGradient(gradient)
  }
}

/** The answer does not move with its inputs but where it jumps. */
const stepwise = (tf: TensorFlow, kernelName: string, inputs: readonly string[]): GradConfig => ({
  kernelName,
  inputsToSave: [...inputs],
  gradFunc: (_, saved) =>
    Object.fromEntries(inputs.map((name, at) => [name, () => tf.zeros((saved[at] as Tensor).shape)])),
})

/** A whole number, or a yes or no, does not move with the number it was made of; tfjs lets gradients through. */
const castGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.Cast,
  gradFunc(dy, _, attrs) {
    const { dtype } = attrs as unknown as { readonly dtype: string }
    const gradient = dy as Tensor
    return { x: () => (dtype === 'float32' ? tf.cast(gradient, 'float32') : tf.zeros(gradient.shape)) }
  },
})

/** Of the largest or smallest value; equal ones share it, as in TensorFlow. */
const extreme = (tf: TensorFlow, kernelName: string): GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc(dy, saved, attrs) {
    const [x, y] = saved as [Tensor, Tensor]
    const { axis, reductionIndices = axis } = attrs as unknown as Record<'axis' | 'reductionIndices', number[]>
    const axes = tf.util.parseAxisParam(reductionIndices, x.shape)
    const kept = x.shape.map((size, at) => (axes.includes(at) ? 1 : size))
    return {
      x: () => {
        const chosen = tf.cast(tf.equal(x, tf.reshape(y, kept)), 'float32')
        return tf.mul(tf.reshape(dy as Tensor, kept), tf.div(chosen, tf.sum(chosen, axes, true)))
      },
    }
  },
})

/** `ab,bc->ac` is left as `ac,bc->ab` and `ac,ab->bc`. What one tensor alone was summed over, all its values share. */
const einsumGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.Einsum,
  saveAllInputs: true,
  gradFunc(dy, saved, attrs) {
    const { equation } = attrs as unknown as { readonly equation: string }
    const [given = '', output = ''] = equation.replaceAll(' ', '').split('->')
    const terms = given.split(',')
    const of = (at: number) => () => {
      const [own = '', others] = [terms[at], terms.filter((_, other) => other !== at)]
      const known = [output, ...others]
      const shared = [...own].filter((label) => known.some((term) => term.includes(label)))
      const tensors = [dy as Tensor, ...saved.filter((_, other) => other !== at)]
      const gradient = tf.einsum(`${known.join()}->${shared.join('')}`, ...tensors)
      const { shape } = saved[at] as Tensor
      const places = shape.map((size, axis) => (shared.includes(own[axis] as string) ? size : 1))
      return tf.broadcastTo(tf.reshape(gradient, places), shape)
    }
    return Object.fromEntries(terms.map((_, at) => [String(at), of(at)]))
  },
})

interface Cumulation {
  readonly axis: number
  readonly exclusive: boolean
  readonly reverse: boolean
}

/** tfjs exchanges axes on the way back where the axis is not the last. */
const cumulatedSumGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.Cumsum,
  gradFunc(dy, _, attrs) {
    const { axis, exclusive, reverse } = attrs as unknown as Cumulation
    return { x: () => tf.cumsum(dy as Tensor, axis, exclusive, !reverse) }
  },
})

/** As in TensorFlow, 0 where a factor is 0. */
const cumulatedProductGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.Cumprod,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc(dy, saved, attrs) {
    const [x, product] = saved as [Tensor, Tensor]
    const { axis, exclusive, reverse } = attrs as unknown as Cumulation
    return { x: () => tf.divNoNan(tf.cumsum(tf.mul(product, dy as Tensor), axis, exclusive, !reverse), x) }
  },
})

interface StridedSlice {
  readonly begin: number[]
  readonly end: number[]
  readonly strides: number[]
  readonly beginMask: number
  readonly endMask: number
  readonly ellipsisMask: number
  readonly newAxisMask: number
  readonly shrinkAxisMask: number
}

/** Zeros wherever nothing was taken from, axis by axis. */
const stridedSliceGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.StridedSlice,
  inputsToSave: ['x'],
  gradFunc(dy, saved, attrs) {
    const [x] = saved as [Tensor]
    const masks = attrs as unknown as StridedSlice
    const { begin, end, strides } = tf.slice_util.sliceInfo(
      x.shape,
      ...([masks.begin, masks.end, masks.strides] as const),
      ...([masks.beginMask, masks.endMask, masks.ellipsisMask, masks.newAxisMask, masks.shrinkAxisMask] as const),
    )
    const taken = tf.slice_util.computeOutShape(begin, end, strides)
    return {
      x: () =>
        x.shape.reduce<Tensor>(
          (gradient, size, axis) =>
            spread(tf, gradient, axis, {
              first: begin[axis] as number,
              stride: strides[axis] as number,
              size,
            }),
          tf.reshape(dy as Tensor, taken),
        ),
    }
  },
})

/** The values along an axis where they were taken from: `first`, and one each `stride` from there. */
const spread = (
  tf: TensorFlow,
  values: Tensor,
  axis: number,
  { first, stride, size }: { readonly first: number; readonly stride: number; readonly size: number },
): Tensor => {
  const { shape } = values
  const count = shape[axis] as number
  if (stride < 0) {
    const last = first + (count - 1) * stride
    return spread(tf, tf.reverse(values, axis), axis, { first: last, stride: -stride, size })
  }
  const pads = (rank: number, at: number, pad: [number, number]): [number, number][] =>
    Array.from({ length: rank }, (_, own) => (own === at ? pad : [0, 0]))
  const apart = (): Tensor => {
    const single = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]
    const padded = tf.pad(tf.reshape(values, single), pads(single.length, axis + 1, [0, stride - 1]))
    return tf.reshape(padded, [...shape.slice(0, axis), count * stride, ...shape.slice(axis + 1)])
  }
  const wide = stride === 1 ? values : apart()
  const [length, room] = [wide.shape[axis] as number, size - first]
  const fitting =
    length <= room
      ? wide
      : tf.slice(
          wide,
          shape.map(() => 0),
          shape.map((own, at) => (at === axis ? room : own)),
        )
  return tf.pad(fitting, pads(shape.length, axis, [first, size - first - Math.min(length, room)]))
}

/** Each value's gradient goes to where the value was. */
const topKGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.TopK,
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc(dy, saved) {
    const [x, places] = saved as [Tensor, Tensor]
    const [values] = dy as [Tensor, Tensor]
    const chosen = () => tf.cast(tf.oneHot(places, x.shape.at(-1) as number), 'float32')
    return { x: () => tf.sum(tf.mul(chosen(), tf.expandDims(values, -1)), -2) }
  },
})

/** Of Keras' Conv3DTranspose, which is itself a gradient. */
const transposedConv3DGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: tf.Conv3DBackpropInputV2,
  inputsToSave: ['dy', 'filter'],
  gradFunc(gradient, saved, attrs) {
    const [dy, filter] = saved as [Tensor5D, Tensor5D]
    const { strides, pad } = attrs as unknown as { strides: [number, number, number]; pad: 'valid' | 'same' }
    const x = gradient as Tensor5D
    return {
      dy: () => tf.conv3d(x, filter, strides, pad),
      filter: () =>
        tf
          .engine()
          .runKernel(tf.Conv3DBackpropFilterV2, { x, dy }, { strides, pad, filterShape: filter.shape }) as Tensor5D,
    }
  },
})
