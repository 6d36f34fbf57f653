/** Numbers of a graph that follow from how many rows are fed. */
import { UnsupportedError } from '../errors.ts'
import {
  type Attr,
  constant,
  type DType,
  floatScalar,
  intScalar,
  intVector,
  makeOutput,
  type Output,
  type TensorType,
  typeOf,
} from './ir.ts'
import { simplify } from './simplify.ts'

/** One thing as seen in each of three traces. */
export type Three<T> = readonly [T, T, T]

/** A number as a function of the rows: `a * rows + b`, or `a / rows`. */
export interface Fit {
  readonly kind: 'linear' | 'inverse'
  readonly a: number
  readonly b: number
}

/**
 * How three numbers follow from three row counts, if they do: the first two decide, the third must agree.
 *
 * @param exact whether they are integers, and not floats that were rounded to 24 bits
 */
export function fitToRows(values: Three<number>, rows: Three<number>, exact: boolean): Fit | undefined {
  const slope = (values[1] - values[0]) / (rows[1] - rows[0])
  const a = exact ? slope : shortest(slope)
  const b = values[0] - a * rows[0]
  const candidates: Fit[] = [
    { kind: 'linear', a, b: exact || Math.abs(b) > 1e-6 * Math.abs(values[0]) ? b : 0 },
    ...(exact ? [] : [{ kind: 'inverse', a: shortest(values[0] * rows[0]), b: 0 } as const]),
  ]
  return candidates.find((fit) =>
    values.every((value, index) => {
      const count = rows[index] as number
      const predicted = fit.kind === 'linear' ? fit.a * count + fit.b : fit.a / count
      return Math.abs(predicted - value) <= (exact ? 0 : 1e-6 * Math.abs(value))
    }),
  )
}

/** What was meant before rounding to float32 is the number with few digits nearby, if there is one. */
const shortest = (value: number): number => {
  const rounded = Number(value.toPrecision(5))
  return Math.abs(rounded - value) <= 5e-7 * Math.abs(value) ? rounded : value
}

export class RowArithmetic {
  readonly #counts: Three<number>
  readonly #rows: Output
  /** Each number is computed once, whoever asks for it. */
  readonly #computed = new Map<string, Output>()

  /** @param counts the rows of the three traces; @param rows the int32 scalar that says how many are fed */
  constructor(counts: Three<number>, rows: Output) {
    this.#counts = counts
    this.#rows = rows
  }

  /** A small tensor, given each element's value in the three traces. */
  tensor(dtype: DType, elements: readonly Three<number>[], shape: readonly number[]): Output {
    const flat = elements.map((values) => this.#number(dtype, values))
    const [only] = flat
    if (shape.length === 0 && only !== undefined) return only
    const packed = pack(dtype, flat)
    if (shape.length === 1) return packed
    const attrs: Record<string, Attr> = { T: { type: dtype }, Tshape: { type: 'int32' } }
    return makeOutput('Reshape', [packed, intVector(shape)], attrs, { dtype, shape })
  }

  /** A tensor full of one value, given value and sizes in the three traces. */
  fill(dtype: DType, sizes: readonly Three<number>[], value: Three<number>, shape: readonly number[]): Output {
    const dimensions = pack(
      'int32',
      sizes.map((size) => this.#number('int32', size)),
    )
    const attrs: Record<string, Attr> = { T: { type: dtype }, index_type: { type: 'int32' } }
    return makeOutput('Fill', [dimensions, this.#number(dtype, value)], attrs, { dtype, shape })
  }

  /** A tensor repeated along dimensions of size 1, given the sizes in the three traces. */
  broadcast(value: Output, sizes: readonly Three<number>[], shape: readonly number[]): Output {
    const { dtype } = typeOf(value)
    const dimensions = pack(
      'int32',
      sizes.map((size) => this.#number('int32', size)),
    )
    const attrs: Record<string, Attr> = { T: { type: dtype }, Tidx: { type: 'int32' } }
    return makeOutput('BroadcastTo', [value, dimensions], attrs, { dtype, shape })
  }

  #number(dtype: DType, values: Three<number>): Output {
    const [value] = values
    if (values.every((other) => Object.is(other, value))) return scalar(dtype, value)
    const fit = fitToRows(values, this.#counts, dtype === 'int32')
    if (fit === undefined || (dtype !== 'int32' && dtype !== 'float32')) throw differs('Const', 'values')
    const key = `${dtype} ${fit.kind} ${fit.a} ${fit.b}`
    const computed = this.#computed.get(key) ?? this.#compute(dtype, fit)
    this.#computed.set(key, computed)
    return computed
  }

  #compute(dtype: 'int32' | 'float32', { kind, a, b }: Fit): Output {
    const T: Record<string, Attr> = { T: { type: dtype } }
    const type: TensorType = { dtype, shape: [] }
    const castAttrs: Record<string, Attr> = { SrcT: { type: 'int32' }, DstT: { type: 'float32' } }
    const rows = dtype === 'int32' ? this.#rows : makeOutput('Cast', [this.#rows], castAttrs, type)
    if (kind === 'inverse') return makeOutput('RealDiv', [floatScalar(a), rows], T, type)
    return simplify('AddV2', [simplify('Mul', [rows, scalar(dtype, a)], T, type), scalar(dtype, b)], T, type)
  }
}

function pack(dtype: DType, elements: readonly Output[]): Output {
  const attrs: Record<string, Attr> = { N: { int: elements.length }, T: { type: dtype }, axis: { int: 0 } }
  return makeOutput('Pack', elements, attrs, { dtype, shape: [elements.length] })
}

function scalar(dtype: DType, value: number): Output {
  if (dtype === 'float32') return floatScalar(value)
  if (dtype === 'int32') return intScalar(value)
  return constant({ dtype, shape: [], data: Uint8Array.of(value) })
}

export const differs = (op: string, what: string): UnsupportedError =>
  new UnsupportedError(
    `Operation ${op} has another ${what} for another batch size, in a way that does not follow from the size; a layer may draw random numbers in JavaScript.`,
  )
