/** Operations on tensors that Keras writes as layers: `x * 2`, `keras.ops.mean(x, axis=1)`. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options } from './define.ts'
import { type Literal, textOf } from './literal.ts'

/** What an operation is called with: tensors in place of `{ tensor: n }`. */
export interface OperationCall {
  readonly op: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

interface Operation {
  /** How many arguments it takes by position. */
  readonly takes: number
  /** What else it can be told; anything beside these would be lost. */
  readonly options: readonly string[]
  readonly compute: (tf: TensorFlow, args: readonly unknown[], options: Readonly<Record<string, unknown>>) => Tensor
}

const t = (tf: TensorFlow, value: unknown): Tensor => (value instanceof tf.Tensor ? value : tf.tensor(value as number))

const unary = (compute: (x: Tensor) => Tensor): Operation => ({
  takes: 1,
  options: [],
  compute: (tf, [x]) => compute(t(tf, x)),
})

/** Keras computes them in floating point, whole numbers too; TF.js would divide those without a remainder. */
const floating = (x: Tensor): Tensor => (x.dtype === 'float32' ? x : x.toFloat())

const real = (compute: (x: Tensor) => Tensor): Operation => unary((x) => compute(floating(x)))

const binary = (compute: (a: Tensor, b: Tensor, tf: TensorFlow) => Tensor): Operation => ({
  takes: 2,
  options: [],
  compute: (tf, [a, b]) => compute(t(tf, a), t(tf, b), tf),
})

const quotient = binary((a, b) => floating(a).div(floating(b)))

const reduction = (compute: (x: Tensor, axis: number | number[] | undefined, keep: boolean) => Tensor): Operation => ({
  takes: 1,
  options: ['axis', 'keepdims'],
  compute: (tf, [x], { axis, keepdims }) =>
    compute(t(tf, x), (axis ?? undefined) as number | undefined, keepdims === true),
})

const listed = (compute: (list: Tensor[], axis: number, tf: TensorFlow) => Tensor): Operation => ({
  takes: 1,
  options: ['axis'],
  compute: (tf, [list], { axis }) =>
    compute(
      (list as unknown[]).map((one) => t(tf, one)),
      (axis ?? 0) as number,
      tf,
    ),
})

/** By Keras 3's name for the operation, in small letters without underscores. */
const operations: Readonly<Record<string, Operation>> = {
  add: binary((a, b) => a.add(b)),
  subtract: binary((a, b) => a.sub(b)),
  multiply: binary((a, b) => a.mul(b)),
  truedivide: quotient,
  divide: quotient,
  power: binary((a, b) => a.pow(b)),
  maximum: binary((a, b) => a.maximum(b)),
  minimum: binary((a, b) => a.minimum(b)),
  matmul: binary((a, b, tf) => tf.matMul(a, b)),
  equal: binary((a, b) => a.equal(b)),
  notequal: binary((a, b) => a.notEqual(b)),
  greater: binary((a, b) => a.greater(b)),
  greaterequal: binary((a, b) => a.greaterEqual(b)),
  less: binary((a, b) => a.less(b)),
  lessequal: binary((a, b) => a.lessEqual(b)),
  logicaland: binary((a, b) => a.toBool().logicalAnd(b.toBool())),
  logicalor: binary((a, b) => a.toBool().logicalOr(b.toBool())),
  logicalnot: unary((x) => x.toBool().logicalNot()),
  any: reduction((x, axis, keep) => x.toBool().any(axis, keep)),
  all: reduction((x, axis, keep) => x.toBool().all(axis, keep)),
  negative: unary((x) => x.neg()),
  absolute: unary((x) => x.abs()),
  abs: unary((x) => x.abs()),
  exp: real((x) => x.exp()),
  log: real((x) => x.log()),
  sqrt: real((x) => x.sqrt()),
  rsqrt: real((x) => x.rsqrt()),
  square: unary((x) => x.square()),
  sin: real((x) => x.sin()),
  cos: real((x) => x.cos()),
  tanh: real((x) => x.tanh()),
  sigmoid: real((x) => x.sigmoid()),
  relu: unary((x) => x.relu()),
  softplus: real((x) => x.softplus()),
  silu: real((x) => x.mul(x.sigmoid())),
  softmax: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) => {
      const input = t(tf, x)
      const powers = input.sub(input.max((axis ?? -1) as number, true)).exp()
      return powers.div(powers.sum((axis ?? -1) as number, true))
    },
  },
  mean: reduction((x, axis, keep) => floating(x).mean(axis, keep)),
  sum: reduction((x, axis, keep) => x.sum(axis, keep)),
  max: reduction((x, axis, keep) => x.max(axis, keep)),
  min: reduction((x, axis, keep) => x.min(axis, keep)),
  prod: reduction((x, axis, keep) => x.prod(axis, keep)),
  reshape: {
    takes: 2,
    options: ['newshape'],
    compute: (tf, [x, shape], { newshape }) =>
      t(tf, x).reshape(((newshape ?? shape) as (number | null)[]).map((size) => size ?? -1)),
  },
  transpose: {
    takes: 1,
    options: ['axes'],
    compute: (tf, [x], { axes }) => t(tf, x).transpose((axes ?? undefined) as number[] | undefined),
  },
  expanddims: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) => t(tf, x).expandDims((axis ?? -1) as number),
  },
  squeeze: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) =>
      t(tf, x).squeeze(axis === null || axis === undefined ? undefined : ([axis].flat() as number[])),
  },
  concatenate: listed((list, axis, tf) => tf.concat(list, axis)),
  stack: listed((list, axis, tf) => tf.stack(list, axis)),
  clip: {
    takes: 1,
    options: ['x_min', 'x_max'],
    compute: (tf, [x], { x_min: low, x_max: high }) => t(tf, x).clipByValue(low as number, high as number),
  },
}

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
  return lost && `operation ${op} is called with ${lost[0]}=${JSON.stringify(lost[1])}, which is not supported`
}

type OperationOptions = Options & { call: Literal }

export const operationLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<OperationOptions>(tf, {
    className: 'KerasOperation',
    passesMask: false,
    outputShape: (shapes, options) => shapeByTrial(tf, shapes, options),
    call: (inputs, { options }) => run(tf, inputs, options),
  }),
]

const run = (tf: TensorFlow, inputs: readonly Tensor[], { call }: OperationOptions): Tensor => {
  const { op, args, kwargs } = JSON.parse(textOf(call)) as OperationCall
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill)
    const index = (value as { tensor?: number } | null)?.tensor
    return typeof index === 'number' ? inputs[index] : value
  }
  const operation = operationNamed(op)
  if (!operation) throw new Error(`operation ${op} is not known`)
  return operation.compute(tf, args.map(fill), kwargs)
}

/** Sizes which are the same whatever the open sizes are. */
const shapeByTrial = (tf: TensorFlow, shapes: readonly Shape[], options: OperationOptions): Shape => {
  const withOpenSizes = (open: number): number[] =>
    tf.tidy(
      () =>
        run(
          tf,
          shapes.map((shape) => tf.zeros(shape.map((size) => size ?? open))),
          options,
        ).shape,
    )
  const [one, other] = [withOpenSizes(2), withOpenSizes(3)]
  return one.map((size, axis) => (size === other[axis] ? size : null))
}
