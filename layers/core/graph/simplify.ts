/** Cheaper forms of operations, found while a graph is built: each rule looks at one operation and what feeds it. */
import { type Attrs, constant, constantOf, intVector, makeOutput, type Output, type TensorType, typeOf } from './ir.ts'

/** An operation with one result that is about to be added. */
interface Candidate {
  readonly op: string
  readonly inputs: readonly Output[]
  readonly attrs: Attrs
  readonly type: TensorType
}

type Rule = (candidate: Candidate) => Output | undefined

/** The cheapest known form of an operation; itself when no rule applies. */
export function simplify(op: string, inputs: readonly Output[], attrs: Attrs, type: TensorType): Output {
  const candidate = { op, inputs: inputs.map(asScalar(op, inputs, type)), attrs, type }
  for (const rule of rules[op] ?? []) {
    const simpler = rule(candidate)
    if (simpler !== undefined) return simpler
  }
  return makeOutput(op, candidate.inputs, attrs, type)
}

const float = { type: 'float32' } as const

/** Row-major tensors keep their values when only their shape changes. */
export function reshape(input: Output, shape: readonly number[]): Output {
  const { dtype } = typeOf(input)
  return simplify(
    'Reshape',
    [input, intVector(shape)],
    { T: { type: dtype }, Tshape: { type: 'int32' } },
    { dtype, shape },
  )
}

const reshapeOnce: Rule = ({ inputs: [input, shape], attrs, type }) => {
  if (input === undefined || shape === undefined) return undefined
  if (sameShape(typeOf(input).shape, type.shape)) return input
  const inner = input.node.op === 'Reshape' ? input.node.inputs[0] : undefined
  return inner === undefined ? undefined : simplify('Reshape', [inner, shape], attrs, type)
}

/** What a Reshape that leaves the last dimension alone was given: work along that dimension can be done before it. */
function beforeReshape(output: Output): Output {
  const input = output.node.op === 'Reshape' ? output.node.inputs[0] : undefined
  if (input === undefined) return output
  const { shape } = typeOf(input)
  return shape.length >= 2 && shape.at(-1) === typeOf(output).shape.at(-1) ? input : output
}

/** Adding a vector to the last dimension is BiasAdd, which TensorFlow fuses into convolutions and products. */
const addBias: Rule = ({ inputs: [a, b], type }) => {
  if (a === undefined || b === undefined || type.dtype !== 'float32' || type.shape.length < 2) return undefined
  const channels = type.shape.at(-1) as number
  const isBias = (bias: Output, other: Output): boolean =>
    sameShape(typeOf(other).shape, type.shape) &&
    typeOf(bias).shape.length > 0 &&
    typeOf(bias).shape.at(-1) === channels &&
    sizeOf(typeOf(bias).shape) === channels
  for (const [value, bias] of [
    [a, b],
    [b, a],
  ] as const) {
    if (channels > 1 && isBias(bias, value)) {
      const bare = beforeReshape(value)
      const attrs = { T: float, data_format: { string: 'NHWC' } }
      return reshape(makeOutput('BiasAdd', [bare, reshape(bias, [channels])], attrs, typeOf(bare)), type.shape)
    }
  }
  return undefined
}

/** The bias's gradient: a sum over every dimension but the last. */
const sumToBias: Rule = ({ inputs: [input, axes], attrs, type }) => {
  if (input === undefined || axes === undefined || type.dtype !== 'float32') return undefined
  const { shape } = typeOf(input)
  const summed = constantOf(axes)?.data
  const keeps = attrs.keep_dims !== undefined && 'bool' in attrs.keep_dims && attrs.keep_dims.bool
  if (keeps || shape.length < 2 || summed?.length !== shape.length - 1) return undefined
  if (![...summed].sort((a, b) => a - b).every((axis, index) => axis === index)) return undefined
  return makeOutput('BiasAddGrad', [beforeReshape(input)], { T: float, data_format: { string: 'NHWC' } }, type)
}

/** tfjs multiplies matrices as batches, of one or of none. */
const oneMatrix: Rule = ({ inputs: [a, b], attrs, type }) => {
  if (a === undefined || b === undefined) return undefined
  const shapes = [typeOf(a).shape, typeOf(b).shape]
  if (!shapes.every((shape) => shape.length === 2 || (shape.length === 3 && shape[0] === 1))) return undefined
  const product = makeOutput(
    'MatMul',
    [reshape(a, typeOf(a).shape.slice(-2)), reshape(b, typeOf(b).shape.slice(-2))],
    { T: float, transpose_a: attrs.adj_x ?? { bool: false }, transpose_b: attrs.adj_y ?? { bool: false } },
    { dtype: type.dtype, shape: type.shape.slice(-2) },
  )
  return reshape(product, type.shape)
}

/** `x * 1`, `x / 1`, `x + 0`, `x - 0`. */
const neutral =
  (value: number, { commutes }: { commutes: boolean }): Rule =>
  ({ inputs: [a, b], type }) => {
    if (a === undefined || b === undefined) return undefined
    const keeps = (kept: Output, dropped: Output): boolean =>
      uniformValue(dropped) === value && sameShape(typeOf(kept).shape, type.shape) && typeOf(kept).dtype === type.dtype
    if (keeps(a, b)) return a
    return commutes && keeps(b, a) ? b : undefined
  }

const castToItself: Rule = ({ inputs: [input], type }) =>
  input !== undefined && typeOf(input).dtype === type.dtype ? input : undefined

const tileOnce: Rule = ({ inputs: [input], type }) =>
  input !== undefined && sameShape(typeOf(input).shape, type.shape) ? input : undefined

const transposeNothing: Rule = ({ inputs: [input, permutation] }) => {
  const order = permutation === undefined ? undefined : constantOf(permutation)?.data
  return order?.every((axis, index) => axis === index) ? input : undefined
}

/** What goes to the end of a dimension says so, and need not know how long it is: another number for each batch size. */
const sliceToEnd: Rule = ({ inputs: [input, begin, size], attrs, type }) => {
  const [from, counts] = [begin, size].map((output) => output && constantOf(output)?.data)
  if (input === undefined || begin === undefined || from === undefined || counts === undefined) return undefined
  const { shape } = typeOf(input)
  const at = (values: ArrayLike<number>, axis: number) => values[values.length === 1 ? 0 : axis] as number
  const open = shape.map((length, axis) => (at(from, axis) + at(counts, axis) === length ? -1 : at(counts, axis)))
  return makeOutput('Slice', [input, begin, intVector(open)], attrs, type)
}

const rules: Readonly<Record<string, readonly Rule[]>> = {
  Reshape: [reshapeOnce],
  Add: [neutral(0, { commutes: true }), addBias],
  AddV2: [neutral(0, { commutes: true }), addBias],
  Sub: [neutral(0, { commutes: false })],
  Mul: [neutral(1, { commutes: true })],
  RealDiv: [neutral(1, { commutes: false })],
  Sum: [sumToBias],
  BatchMatMulV2: [oneMatrix],
  Cast: [castToItself],
  Tile: [tileOnce],
  Transpose: [transposeNothing],
  Slice: [sliceToEnd],
}

const broadcasting = new Set([
  ...['Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'FloorDiv', 'Maximum', 'Minimum', 'Pow', 'SquaredDifference'],
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'],
])

/** A constant full of one value need not be stored where the other operand already has the result's shape. */
const asScalar =
  (op: string, inputs: readonly Output[], type: TensorType) =>
  (input: Output, index: number): Output => {
    if (!broadcasting.has(op) || typeOf(input).shape.length === 0) return input
    const other = inputs[1 - index]
    const value = uniformValue(input)
    if (value === undefined || other === undefined || !sameShape(typeOf(other).shape, type.shape)) return input
    const { dtype } = typeOf(input)
    const data = dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : undefined
    return data === undefined ? input : constant({ dtype, shape: [], data })
  }

const uniformValue = (output: Output): number | undefined => {
  const data = constantOf(output)?.data
  return data?.length === 1 ? data[0] : undefined
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, index) => size === b[index])

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
