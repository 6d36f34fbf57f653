/** Operations on tensors that Keras writes as layers: `x * 2`, `x[:, -1]`, `keras.ops.mean(x, axis=1)`. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options } from '../define.ts'
import { type Literal, textOf } from '../literal.ts'
import { dtypeNamed, type Operation, type Operations } from './define.ts'
import { pointwise } from './pointwise.ts'
import { reductions } from './reductions.ts'
import { selection } from './selection.ts'
import { shapes } from './shapes.ts'

/** What an operation is called with: tensors in place of `{ tensor: n }`. */
export interface OperationCall {
  readonly op: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

/** By Keras 3's name for the operation, in small letters without underscores. */
const operations: Operations = { ...pointwise, ...reductions, ...shapes, ...selection }

const operationNamed = (op: string): Operation | undefined => {
  const key = op.replace(/_/g, '').toLowerCase()
  return Object.hasOwn(operations, key) ? operations[key] : undefined
}

export const isKnownOperation = (op: string): boolean => operationNamed(op) !== undefined

/** Why a call cannot be computed as Keras does; undefined when it can. */
export const whyNotComputed = ({ op, args, kwargs }: OperationCall): string | undefined => {
  const operation = operationNamed(op)
  if (!operation) return `operation ${op} is not supported`
  const means = (value: unknown): boolean => value !== null && value !== undefined && value !== false
  if (args.slice(operation.takes).some(means)) return `operation ${op} is called with ${args.length} arguments`
  const lost = Object.entries(kwargs).find(([name, value]) => means(value) && !operation.options.includes(name))
  const what = lost ? `${lost[0]}=${JSON.stringify(lost[1])}` : operation.refuses?.(kwargs, args)
  return what && `operation ${op} is called with ${what}, which is not supported`
}

type OperationOptions = Options & { call: Literal }

export const operationLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<OperationOptions>(tf, {
    className: 'KerasOperation',
    passesMask: false,
    outputShape: (given, options) => shapesByTrial(tf, given, options),
    call: (inputs, { options }) => run(tf, inputs, options),
  }),
]

/** Arrays of numbers that were part of a call. */
interface Constant {
  readonly class_name: '__numpy__' | '__tensor__'
  readonly config: { readonly value: number[]; readonly dtype: string }
}

const isConstant = (value: unknown): value is Constant =>
  ['__numpy__', '__tensor__'].includes(String((value as Partial<Constant> | null)?.class_name))

const run = (tf: TensorFlow, inputs: readonly Tensor[], { call }: OperationOptions): Tensor | Tensor[] => {
  const { op, args, kwargs } = JSON.parse(textOf(call)) as OperationCall
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill)
    if (isConstant(value)) return tf.tensor(value.config.value, undefined, dtypeNamed(value.config.dtype) ?? 'float32')
    const index = (value as { tensor?: number } | null)?.tensor
    return typeof index === 'number' ? inputs[index] : value
  }
  const operation = operationNamed(op)
  if (!operation) throw new Error(`operation ${op} is not known`)
  return operation.compute(tf, args.map(fill), kwargs)
}

/** Most positions that are taken out are small, and the tensors of a trial ought to be. */
const trial = (withOpenSizes: (open: number) => number[][]): readonly [number[][], number[][]] => {
  try {
    return [withOpenSizes(2), withOpenSizes(3)]
  } catch {
    return [withOpenSizes(60), withOpenSizes(61)]
  }
}

/** Sizes which are the same whatever the open sizes are. */
const shapesByTrial = (tf: TensorFlow, given: readonly Shape[], options: OperationOptions): Shape | Shape[] => {
  const withOpenSizes = (open: number): number[][] =>
    tf.tidy(() => {
      const zeros = given.map((shape) => tf.zeros(shape.map((size) => size ?? open)))
      return [run(tf, zeros, options)].flat().map(({ shape }) => shape)
    })
  const [ones, others] = trial(withOpenSizes)
  const all = ones.map((one, i) => one.map((size, axis) => (size === others[i]?.[axis] ? size : null)))
  return all.length === 1 ? (all[0] as Shape) : all
}
