/** What an operation is, and the shapes in which most of them come. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../../kernels/index.ts'

export type OperationOptions = Readonly<Record<string, unknown>>

/** Why options or arguments cannot be computed as Keras does; undefined when they can. */
export type Refuses = (options: OperationOptions, args: readonly unknown[]) => string | undefined

export interface Operation {
  /** How many arguments it takes by position. */
  readonly takes: number
  /** What else it can be told; anything beside these would be lost. */
  readonly options: readonly string[]
  readonly refuses?: Refuses
  readonly compute: (tf: TensorFlow, args: readonly unknown[], options: OperationOptions) => Tensor | Tensor[]
}

export type Operations = Readonly<Record<string, Operation>>

export const t = (tf: TensorFlow, value: unknown): Tensor =>
  value instanceof tf.Tensor ? value : tf.tensor(value as number)

export const unary = (compute: (x: Tensor, tf: TensorFlow) => Tensor): Operation => ({
  takes: 1,
  options: [],
  compute: (tf, [x]) => compute(t(tf, x), tf),
})

/** Keras computes them in floating point, whole numbers too; TF.js would divide those without a remainder. */
export const floating = (x: Tensor): Tensor => (x.dtype === 'float32' ? x : x.toFloat())

export const real = (compute: (x: Tensor, tf: TensorFlow) => Tensor): Operation =>
  unary((x, tf) => compute(floating(x), tf))

/** One number beside the tensor, by its name in the file. */
export const tuned = (
  option: string,
  fallback: number,
  compute: (x: Tensor, value: number, tf: TensorFlow) => Tensor,
): Operation => ({
  takes: 1,
  options: [option],
  compute: (tf, [x], options) => compute(floating(t(tf, x)), (options[option] ?? fallback) as number, tf),
})

export const binary = (compute: (a: Tensor, b: Tensor, tf: TensorFlow) => Tensor): Operation => ({
  takes: 2,
  options: [],
  compute: (tf, [a, b]) => compute(t(tf, a), t(tf, b), tf),
})

export const reduction = (
  compute: (x: Tensor, axis: number | number[] | undefined, keep: boolean, tf: TensorFlow) => Tensor,
): Operation => ({
  takes: 1,
  options: ['axis', 'keepdims'],
  compute: (tf, [x], { axis, keepdims }) =>
    compute(t(tf, x), (axis ?? undefined) as number | undefined, keepdims === true, tf),
})

/** Along one axis, which must be said: over all of them, examples of a batch would be mixed. */
export const along = (
  compute: (x: Tensor, axis: number, tf: TensorFlow, options: OperationOptions) => Tensor | Tensor[],
  options: readonly string[] = [],
): Operation => ({
  takes: 1,
  options: ['axis', ...options],
  refuses: ({ axis }) => (typeof axis === 'number' ? undefined : `axis=${JSON.stringify(axis ?? null)}`),
  compute: (tf, [x], own) => {
    const input = t(tf, x)
    const axis = own.axis as number
    return compute(input, axis < 0 ? axis + input.rank : axis, tf, own)
  },
})

export const listed = (compute: (list: Tensor[], axis: number, tf: TensorFlow) => Tensor): Operation => ({
  takes: 1,
  options: ['axis'],
  compute: (tf, [list], { axis }) =>
    compute(
      (list as unknown[]).map((one) => t(tf, one)),
      (axis ?? 0) as number,
      tf,
    ),
})

/** In words, when an option has none of the values that are computed. */
export const only =
  (allowed: Readonly<Record<string, readonly unknown[]>>): Refuses =>
  (options) => {
    const other = Object.entries(allowed).find(([name, values]) => !values.includes(options[name] ?? null))
    return other && `${other[0]}=${JSON.stringify(options[other[0]])}`
  }

/** `dtype` as Keras writes it to the one of a tensor; undefined for what tensors here cannot be. */
export const dtypeNamed = (dtype: unknown): 'float32' | 'int32' | 'bool' | undefined => {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return 'float32'
    case 'int32':
    case 'int64':
      return 'int32'
    case 'bool':
      return 'bool'
    default:
      return undefined
  }
}
