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

type Operation = (tf: TensorFlow, args: readonly unknown[], options: Readonly<Record<string, unknown>>) => Tensor

const t = (tf: TensorFlow, value: unknown): Tensor => (value instanceof tf.Tensor ? value : tf.tensor(value as number))

const unary =
  (compute: (x: Tensor, tf: TensorFlow) => Tensor): Operation =>
  (tf, [x]) =>
    compute(t(tf, x), tf)

const binary =
  (compute: (a: Tensor, b: Tensor, tf: TensorFlow) => Tensor): Operation =>
  (tf, [a, b = undefined]) =>
    compute(t(tf, a), t(tf, b), tf)

const reduction =
  (compute: (x: Tensor, axis: number | number[] | undefined, keep: boolean) => Tensor): Operation =>
  (tf, [x], { axis, keepdims }) =>
    compute(t(tf, x), (axis ?? undefined) as number | undefined, keepdims === true)

const listed =
  (compute: (list: Tensor[], axis: number, tf: TensorFlow) => Tensor): Operation =>
  (tf, [list], { axis }) =>
    compute(
      (list as unknown[]).map((one) => t(tf, one)),
      (axis ?? 0) as number,
      tf,
    )

/** By Keras 3's name for the operation, in small letters without underscores. */
export const operations: Readonly<Record<string, Operation>> = {
  add: binary((a, b) => a.add(b)),
  subtract: binary((a, b) => a.sub(b)),
  multiply: binary((a, b) => a.mul(b)),
  truedivide: binary((a, b) => a.div(b)),
  divide: binary((a, b) => a.div(b)),
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
  exp: unary((x) => x.exp()),
  log: unary((x) => x.log()),
  sqrt: unary((x) => x.sqrt()),
  rsqrt: unary((x) => x.rsqrt()),
  square: unary((x) => x.square()),
  sin: unary((x) => x.sin()),
  cos: unary((x) => x.cos()),
  tanh: unary((x) => x.tanh()),
  sigmoid: unary((x) => x.sigmoid()),
  relu: unary((x) => x.relu()),
  softplus: unary((x) => x.softplus()),
  silu: unary((x) => x.mul(x.sigmoid())),
  softmax: (tf, [x], { axis }) => {
    const input = t(tf, x)
    const powers = input.sub(input.max((axis ?? -1) as number, true)).exp()
    return powers.div(powers.sum((axis ?? -1) as number, true))
  },
  mean: reduction((x, axis, keep) => x.mean(axis, keep)),
  sum: reduction((x, axis, keep) => x.sum(axis, keep)),
  max: reduction((x, axis, keep) => x.max(axis, keep)),
  min: reduction((x, axis, keep) => x.min(axis, keep)),
  prod: reduction((x, axis, keep) => x.prod(axis, keep)),
  reshape: (tf, [x, shape], { newshape }) =>
    t(tf, x).reshape(((newshape ?? shape) as (number | null)[]).map((size) => size ?? -1)),
  transpose: (tf, [x], { axes }) => t(tf, x).transpose((axes ?? undefined) as number[] | undefined),
  expanddims: (tf, [x], { axis }) => t(tf, x).expandDims((axis ?? -1) as number),
  squeeze: (tf, [x], { axis }) =>
    t(tf, x).squeeze(axis === null || axis === undefined ? undefined : ([axis].flat() as number[])),
  concatenate: listed((list, axis, tf) => tf.concat(list, axis)),
  stack: listed((list, axis, tf) => tf.stack(list, axis)),
  clip: (tf, [x], { x_min: low, x_max: high }) => t(tf, x).clipByValue(low as number, high as number),
}

export const isKnownOperation = (op: string): boolean => Object.hasOwn(operations, keyOf(op))
const keyOf = (op: string): string => op.replace(/_/g, '').toLowerCase()

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
  const compute = operations[keyOf(op)]
  if (!compute) throw new Error(`operation ${op} is not known`)
  return compute(tf, args.map(fill), kwargs)
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
