/**
 * Computes a step in parts of its rows, which run side by side, one thread each. Threads within operations wait for each
 * other after every operation, and many operations are too small to be shared; parts meet once a step.
 */
import {
  type Attr,
  type GraphNode,
  inOrder,
  intScalar,
  intVector,
  makeNode,
  makeOutput,
  type Output,
  type TensorType,
  typeOf,
} from './ir.ts'

/** Fewer rows than these leave a part's operations too small. */
const leastRows = 8
/** Elements of a batch, over all operations, from which parts pay. */
const leastElements = 2 ** 20
/** How many of those there must be for each weight: every part makes gradients of its own, and then they are added up. */
const elementsPerWeight = 8

export interface Split {
  /** Sums of them are means over all rows: a part's share of the rows, a float32 scalar each. */
  readonly shares: readonly Output[]
  /** 1, or 0 for a part that repeats another's row because there are fewer rows than parts: a float32 scalar each. */
  readonly counts: readonly Output[]
  /** The roots of each part. */
  readonly roots: readonly (readonly Output[])[]
}

/**
 * How many parts a step is computed in: 1 unless every thread gets a part of some size and the work lies in the rows. It
 * depends on no measurement, since another number of parts rounds differently and runs should repeat.
 *
 * @param batchRows of a full batch
 * @param weights how many numbers are trained
 */
export function partsFor(roots: readonly Output[], batchRows: number, weights: number, threads: number): number {
  if (threads < 2 || batchRows < threads * leastRows) return 1
  const perRow = inOrder(roots.map(({ node }) => node))
    .flatMap(({ outputs }) => outputs)
    .filter(({ shape }) => shape[0] === -1)
    .reduce((sum, { shape }) => sum + shape.slice(1).reduce((size, length) => size * Math.abs(length), 1), 0)
  return perRow * batchRows >= Math.max(leastElements, elementsPerWeight * weights) ? threads : 1
}

/**
 * The computation of `roots` on each part of the rows of `inputs`; undefined when it draws random numbers in another
 * shape than one row after another. What does not depend on the inputs is computed once, and so are random numbers,
 * which the parts share out: they are the same in any number of parts.
 *
 * @param rows how many rows are fed, an int32 scalar
 */
export function inParts(
  roots: readonly Output[],
  inputs: readonly Output[],
  rows: Output,
  parts: number,
): Split | undefined {
  const nodes = inOrder(roots.map(({ node }) => node))
  const cuts = new Set(inputs.map(({ node }) => node))
  const dependent = new Set<GraphNode>(cuts)
  for (const node of nodes) {
    const needs = [...node.inputs.map((input) => input.node), ...node.controls]
    if (needs.some((needed) => dependent.has(needed))) dependent.add(node)
  }
  const random = nodes.filter((node) => node.op.startsWith('StatelessRandom') && dependent.has(node))
  if (random.some(({ outputs }) => outputs[0]?.shape[0] !== -1)) return undefined
  for (const node of random) cuts.add(node)

  const bounds = Array.from({ length: parts + 1 }, (_, part) => quotient(times(rows, part), parts))
  const ranges = bounds.slice(1).map((next, part) => {
    const begin = bounds[part] as Output
    return {
      begin,
      end: binary('Maximum', next, binary('AddV2', begin, intScalar(1))),
      size: binary('Sub', next, begin),
    }
  })
  return {
    shares: ranges.map(({ size }) => binary('RealDiv', toFloat(size), toFloat(rows))),
    counts: ranges.map(({ size }) => toFloat(binary('Minimum', size, intScalar(1)))),
    roots: ranges.map(({ begin, end }) => {
      const own = new Map<GraphNode, GraphNode>()
      const sliced = new Map<GraphNode, Output>()
      const now = ({ node, index }: Output): Output => sliced.get(node) ?? { node: own.get(node) ?? node, index }
      for (const node of nodes) {
        if (cuts.has(node)) sliced.set(node, rowsBetween({ node, index: 0 }, begin, end))
        else if (dependent.has(node)) {
          const controls = node.controls.map((control) => own.get(control) ?? control)
          own.set(node, makeNode(node.op, node.inputs.map(now), node.attrs, node.outputs, { controls }))
        }
      }
      return roots.map(now)
    }),
  }
}

/** One value from the parts': each times its factor, added up in their order. */
export function sumOfParts(values: readonly Output[], factors: readonly Output[]): Output {
  const type = typeOf(values[0] as Output)
  const T: Record<string, Attr> = { T: { type: type.dtype } }
  const scaled = values.map((value, part) => makeOutput('Mul', [value, factors[part] as Output], T, type))
  return makeOutput('AddN', scaled, { ...T, N: { int: scaled.length } }, type)
}

function rowsBetween(value: Output, begin: Output, end: Output): Output {
  const type = typeOf(value)
  const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 }
  return makeOutput(
    'StridedSlice',
    [value, vector(begin), vector(end), intVector([1])],
    {
      T: { type: type.dtype },
      Index: { type: 'int32' },
      ...Object.fromEntries(Object.entries(masks).map(([name, int]) => [name, { int }])),
    },
    type,
  )
}

const integer: TensorType = { dtype: 'int32', shape: [] }

const vector = (value: Output): Output =>
  makeOutput('Pack', [value], { N: { int: 1 }, T: { type: 'int32' }, axis: { int: 0 } }, { dtype: 'int32', shape: [1] })

const binary = (op: string, a: Output, b: Output): Output => {
  const type: TensorType = { ...integer, dtype: typeOf(a).dtype }
  return makeOutput(op, [a, b], { T: { type: type.dtype } }, type)
}

const times = (value: Output, factor: number): Output => binary('Mul', value, intScalar(factor))
const quotient = (value: Output, divisor: number): Output => binary('FloorDiv', value, intScalar(divisor))

const toFloat = (value: Output): Output =>
  makeOutput('Cast', [value], { SrcT: { type: 'int32' }, DstT: { type: 'float32' } }, { ...integer, dtype: 'float32' })
