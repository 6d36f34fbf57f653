/** Gradients that tfjs lacks, and those that it gives to every one of several equal values; for all backends. */
import type { GradConfig, Tensor, Tensor5D } from '@tensorflow/tfjs-core'
import { UnsupportedError } from '../errors.ts'
import { dilatedGradients } from './conv2d-gradients.ts'
import type { TensorFlow } from './tf.ts'

export function completeGradients(tf: TensorFlow): void {
  const comparisons = [
    tf.Equal,
    tf.NotEqual,
    tf.Greater,
    tf.GreaterEqual,
    tf.Less,
    tf.LessEqual,
    tf.LogicalAnd,
    tf.LogicalOr,
  ]
  const questions = [tf.LogicalNot, tf.All, tf.Any, tf.IsNan, tf.IsInf, tf.IsFinite, tf.ArgMax, tf.ArgMin]
  for (const gradient of [
    ...comparisons.map((name) => stepwise(tf, name, ['a', 'b'])),
    ...questions.map((name) => stepwise(tf, name, ['x'])),
    extreme(tf, tf.Max),
    extreme(tf, tf.Min),
    einsumGradient(tf),
    topKGradient(tf),
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

/** `ab,bc->ac` is left as `ac,bc->ab` and `ac,ab->bc`. */
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
      const alone = [...own].find((label) => !known.some((term) => term.includes(label)))
      if (alone !== undefined) {
        throw new UnsupportedError(
          `einsum ${equation} sums over ${alone} of one tensor alone, which has no gradient here.`,
        )
      }
      const tensors = [dy as Tensor, ...saved.filter((_, other) => other !== at)]
      return tf.einsum(`${known.join()}->${own}`, ...tensors)
    }
    return Object.fromEntries(terms.map((_, at) => [String(at), of(at)]))
  },
})

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
