/** Makes one graph for every batch size out of traces at three: what differs between them is computed from the number of rows. */
import { UnsupportedError } from '../errors.ts'
import {
  constant,
  constantOf,
  type GraphNode,
  inOrder,
  intVector,
  makeNode,
  type Output,
  type TensorValue,
} from './ir.ts'
import { differs, RowArithmetic, type Three } from './rows.ts'

/** The same computation, recorded with so many rows. */
export interface SizedTrace {
  readonly rows: number
  readonly roots: readonly Output[]
}

/** Primes, so that a size of the model is rarely taken for the batch size; never 1, which broadcasts. */
export const traceSizes: Three<number> = [3, 5, 7]

/**
 * The roots of the merged graph, in the traces' order.
 *
 * @param shared what takes the place of nodes of a given name: the real inputs for a trace's stand-ins
 * @param rows an int32 scalar of the merged graph: how many rows are fed
 * Throws UnsupportedError when the traces differ by more than their batch size, e.g. by JavaScript's random numbers.
 */
export function generalise(traces: Three<SizedTrace>, shared: ReadonlyMap<string, Output>, rows: Output): Output[] {
  const orders = traces.map((trace) => inOrder(trace.roots.map((root) => root.node))) as unknown as Three<GraphNode[]>
  const positions = orders.map((order) => new Map(order.map((node, index) => [node, index])))
  const arithmetic = new RowArithmetic(traces.map((trace) => trace.rows) as unknown as Three<number>, rows)
  const [nodes] = orders
  if (orders.some((order) => order.length !== nodes.length)) {
    throw new UnsupportedError('The computation takes other operations for other batch sizes.')
  }

  const merged: Output[][] = []
  const mergedOf = ({ node, index }: Output): Output => merged[positions[0]?.get(node) as number]?.[index] as Output
  for (const [position, node] of nodes.entries()) {
    const twins = orders.map((order) => order[position]) as unknown as Three<GraphNode>
    const wirings = twins.map((twin, trace) =>
      twin.inputs.map((input) => `${positions[trace]?.get(input.node)}:${input.index}`).join(),
    )
    if (twins.some((twin) => twin.op !== node.op) || new Set(wirings).size > 1) throw differs(node.op, 'inputs')
    const replacement = shared.get(node.name)
    if (replacement !== undefined) merged.push([replacement])
    else if (twins.every((twin) => twin === node)) merged.push(allOutputs(node))
    else if (node.op === 'Const') merged.push([mergeConstants(twins, arithmetic)])
    else merged.push(allOutputs(mergeNodes(twins, node.inputs.map(mergedOf))))
  }
  return traces[0].roots.map(mergedOf)
}

const allOutputs = (node: GraphNode): Output[] => node.outputs.map((_, index) => ({ node, index }))

function mergeNodes(twins: Three<GraphNode>, inputs: readonly Output[]): GraphNode {
  const [node] = twins
  const attrs = JSON.stringify(node.attrs)
  if (twins.some((twin) => JSON.stringify(twin.attrs) !== attrs)) throw differs(node.op, 'attributes')
  const types = node.outputs.map((type, index) => ({
    ...type,
    shape: mergeShapes(twins.map((twin) => twin.outputs[index]?.shape ?? [])),
  }))
  return makeNode(node.op, withFreeDimension(node.op, inputs), node.attrs, types, { name: node.name })
}

/** A shape with one size to be computed is simply -1 to Reshape. */
function withFreeDimension(op: string, inputs: readonly Output[]): readonly Output[] {
  const [input, shape] = inputs
  if (op !== 'Reshape' || input === undefined || shape?.node.op !== 'Pack') return inputs
  const sizes = shape.node.inputs.map((size) => constantOf(size)?.data[0] ?? -1)
  return sizes.filter((size) => size === -1).length === 1 ? [input, intVector(sizes)] : inputs
}

/** The most elements that are looked at one by one: shapes, paddings, counts. */
const smallConstant = 64

function mergeConstants(twins: Three<GraphNode>, arithmetic: RowArithmetic): Output {
  const values = twins.map((node) => constantOf({ node, index: 0 })) as unknown as Three<TensorValue>
  const [value] = values
  if (values.every((other) => sameValue(other, value))) return constant(value)
  if (values.some((other) => other.dtype !== value.dtype)) throw differs('Const', 'type')

  if (values.some((other) => String(other.shape) !== String(value.shape))) return growConstant(values, arithmetic)
  const size = value.shape.reduce((product, length) => product * length, 1)
  if (size > smallConstant) throw differs('Const', 'content')
  const elements = Array.from({ length: size }, (_, index) =>
    values.map(({ data }) => data[data.length === 1 ? 0 : index]),
  )
  return arithmetic.tensor(value.dtype, elements as unknown as Three<number>[], value.shape)
}

/** A constant whose shape depends on the batch size: full of one number, or the same along the dimensions that grow. */
function growConstant(values: Three<TensorValue>, arithmetic: RowArithmetic): Output {
  const [value] = values
  const shape = mergeShapes(values.map((other) => other.shape))
  if (values.some((other) => other.shape.length !== shape.length)) throw differs('Const', 'rank')
  const sizes = shape.map((_, axis) => values.map((other) => other.shape[axis]) as unknown as Three<number>)
  const uniform = values.map(({ data }) => (data.every((element) => element === data[0]) ? data[0] : undefined))
  if (!uniform.includes(undefined)) {
    return arithmetic.fill(value.dtype, sizes, uniform as unknown as Three<number>, shape)
  }
  const [repeated, ...others] = values.map((other) => withoutCopies(other, shape.indexOf(-1)))
  const same = others.every((other) => repeated !== undefined && other !== undefined && sameValue(other, repeated))
  if (repeated === undefined || !same) throw differs('Const', 'content')
  return arithmetic.broadcast(constant(repeated), sizes, shape)
}

/** The tensor with one element along an axis, if all along it are the same. */
function withoutCopies({ dtype, shape, data }: TensorValue, axis: number): TensorValue | undefined {
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  const outer = inner * (shape[axis] as number)
  const isCopy = data.every((element, at) => element === data[at - ((at % outer) - (at % inner))])
  if (!isCopy) return undefined
  const kept = data.filter((_, at) => at % outer < inner)
  return { dtype, shape: shape.map((length, index) => (index === axis ? 1 : length)), data: kept }
}

const mergeShapes = (shapes: readonly (readonly number[])[]): number[] =>
  (shapes[0] ?? []).map((size, axis) => (shapes.every((other) => other[axis] === size) ? size : -1))

const sameValue = (a: TensorValue, b: TensorValue): boolean =>
  a.dtype === b.dtype &&
  String(a.shape) === String(b.shape) &&
  a.data.length === b.data.length &&
  (a.data === b.data ||
    // A hundred times as fast for weights, which are nearly always the same; not for NaN, of which there are several.
    bytesOf(a).equals(bytesOf(b)) ||
    a.data.every((element, index) => Object.is(element, b.data[index])))

const bytesOf = ({ data }: TensorValue): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
