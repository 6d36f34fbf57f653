/** Puts a checked graph into one `saved_model.pb` that needs no other file: variables are constants, assigned when it is loaded. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { MessageWriter } from '../../protobuf.ts'
import { initSignature, type RawSignature, type TensorInfo } from './meta-graph.ts'
import { graphMessage, type RawGraph, type RawNode } from './raw-graph.ts'
import { checkOperations, nodeOf, reach } from './reach.ts'
import type { StoredTensor } from './tensor-bundle.ts'

export interface GraphParts {
  readonly graph: RawGraph
  readonly signature: RawSignature
  readonly initOps: readonly string[]
  /** The value of a variable, by its VarHandleOp node. */
  readonly variable: (node: RawNode) => StoredTensor
}

export interface BuiltGraph {
  readonly savedModel: Uint8Array
  /** Operations of the graph, function library included, each once. */
  readonly operations: readonly string[]
  readonly notes: readonly string[]
}

/** protobuf refuses messages of 2 GiB and more. */
const largestFile = 2 ** 31 - 1

/** UnsupportedError for operations that are not allowed, types that are not served, and graphs over 2 GiB. */
export const buildGraph = ({ graph, signature, initOps, variable }: GraphParts): BuiltGraph => {
  const fetched = [...signature.inputs, ...signature.outputs].map(({ tensor }) => tensor)
  const kept = reach(graph, [...fetched, ...initOps])
  checkOperations(kept)
  const nodes = new Map(kept.nodes)
  const add = (node: RawNode): string => {
    if (nodes.has(node.name)) throw new InvalidInputError(`the graph has a node named ${node.name}, as one of ours is`)
    nodes.set(node.name, node)
    return node.name
  }
  const initialised = assignedConstants(reach(graph, initOps).nodes)
  const assigned = [...kept.nodes.values()]
    .filter(({ op, name }) => op === 'VarHandleOp' && !initialised.has(name))
    .map((handle, at) => {
      const value = variable(handle)
      const constant = add(constNode(`maas/value_${at}`, value))
      const attrs = new Map([['dtype', typeAttr(value.dtype)]])
      return add({ name: `maas/assign_${at}`, op: 'AssignVariableOp', inputs: [handle.name, constant], attrs })
    })
  const controls = [...assigned, ...initOps.map(nodeOf)].map((name) => `^${name}`)
  // Tables may be filled from variables, so they come after them.
  for (const name of initOps.map(nodeOf)) {
    const node = nodes.get(name)
    if (node) nodes.set(name, { ...node, inputs: [...node.inputs, ...assigned.map((assign) => `^${assign}`)] })
  }
  const [only] = initOps
  const init =
    assigned.length === 0 && initOps.length <= 1
      ? only && nodeOf(only)
      : add({ name: 'maas/init', op: 'NoOp', inputs: controls, attrs: new Map() })
  const notes: string[] = []
  const inputs = signature.inputs.map((info, at) => servedInput(info, at, nodes, add, notes))
  const outputs = signature.outputs.map((info, at) => servedOutput(info, at, add, notes))

  const meta = new MessageWriter()
    .message(1, new MessageWriter().string(4, 'serve'))
    .message(2, graphMessage({ ...kept, nodes }))
    .entry(5, 'serving_default', signatureMessage(inputs, outputs, 'tensorflow/serving/predict'))
  if (init !== undefined) {
    const info = { name: initSignature, tensor: init, dtype: 0, shape: undefined }
    meta.entry(5, initSignature, signatureMessage([], [info], ''))
  }
  const file = new MessageWriter().int(1, 1).message(2, meta)
  if (file.length > largestFile) {
    throw new UnsupportedError(
      `the graph with its weights takes ${file.length} bytes; a graph file holds at most ${largestFile}`,
    )
  }
  const all = [...kept.nodes.values(), ...[...kept.functions.values()].flatMap((definition) => definition.nodes)]
  return { savedModel: file.finish(), operations: [...new Set(all.map(({ op }) => op))].sort(), notes }
}

/** Variables that the graph itself sets to constants when it is loaded, as the graphs that are written here do: they need no checkpoint. */
const assignedConstants = (nodes: ReadonlyMap<string, RawNode>): ReadonlySet<string> =>
  new Set(
    [...nodes.values()].flatMap(({ op, inputs: [handle = '', value = ''] }) =>
      op === 'AssignVariableOp' && nodes.get(nodeOf(value))?.op === 'Const' ? [nodeOf(handle)] : [],
    ),
  )

/** Types that callers send, and what else is made from them inside the graph. */
const inputTypes: Readonly<Record<number, { readonly sent: number; readonly note?: string }>> = {
  1: { sent: 1 },
  2: { sent: 1, note: 'takes float32, which is widened to float64' },
  3: { sent: 3 },
  4: { sent: 4 },
  7: { sent: 7 },
  9: { sent: 3, note: 'takes int32, which is widened to int64' },
  10: { sent: 10 },
  14: { sent: 1, note: 'takes float32, which is rounded to bfloat16' },
  19: { sent: 1, note: 'takes float32, which is rounded to float16' },
}

const outputTypes: Readonly<Record<number, { readonly given: number; readonly note?: string }>> = {
  1: { given: 1 },
  2: { given: 1, note: 'is float64, given rounded to float32' },
  3: { given: 3 },
  4: { given: 3 },
  5: { given: 3 },
  6: { given: 3 },
  7: { given: 7 },
  // Given as int32, each value checked to fit.
  9: { given: 9 },
  10: { given: 10 },
  14: { given: 1 },
  17: { given: 3 },
  19: { given: 1 },
}

const servedInput = (
  info: TensorInfo,
  at: number,
  nodes: Map<string, RawNode>,
  add: (node: RawNode) => string,
  notes: string[],
): TensorInfo => {
  const type = inputTypes[info.dtype]
  if (type === undefined) throw notServed('input', info)
  checkShape('input', info)
  if (type.note) notes.push(`input ${info.name} ${type.note}`)
  if (type.sent === info.dtype) return info
  const placeholder = nodes.get(nodeOf(info.tensor))
  if (placeholder?.op !== 'Placeholder') throw new UnsupportedError(`input ${info.name} is no placeholder of the graph`)
  const attrs = new Map([['dtype', typeAttr(type.sent)]])
  const fed = add({ name: `maas/input_${at}`, op: 'Placeholder', inputs: [], attrs })
  nodes.set(placeholder.name, castNode(placeholder.name, fed, type.sent, info.dtype))
  return { ...info, tensor: `${fed}:0`, dtype: type.sent }
}

const servedOutput = (info: TensorInfo, at: number, add: (node: RawNode) => string, notes: string[]): TensorInfo => {
  const type = outputTypes[info.dtype]
  if (type === undefined) throw notServed('output', info)
  checkShape('output', info)
  if (type.note) notes.push(`output ${info.name} ${type.note}`)
  if (type.given === info.dtype) return info
  const name = add(castNode(`maas/output_${at}`, info.tensor, info.dtype, type.given))
  return { ...info, tensor: `${name}:0`, dtype: type.given }
}

const checkShape = (what: string, { name, shape }: TensorInfo): void => {
  if (shape !== undefined && shape.length > 0) return
  throw new UnsupportedError(
    `${what} ${name} has ${shape === undefined ? 'a shape of unknown rank' : 'no dimensions'}; a served tensor has the batch as its first dimension: export the model with a shape such as [None, 3]`,
  )
}

const notServed = (what: string, { name, dtype }: TensorInfo): UnsupportedError =>
  new UnsupportedError(
    `${what} ${name} has the TensorFlow type number ${dtype}, which is not served; export the model with float32, int32, bool or string`,
  )

/** An AttrValue that holds a type. */
const typeAttr = (dtype: number): Uint8Array => new MessageWriter().int(6, dtype).finish()

const castNode = (name: string, input: string, from: number, to: number): RawNode => ({
  name,
  op: 'Cast',
  inputs: [input],
  attrs: new Map([
    ['SrcT', typeAttr(from)],
    ['DstT', typeAttr(to)],
  ]),
})

export const constNode = (name: string, { dtype, shape, data }: StoredTensor): RawNode => {
  const tensor = new MessageWriter().int(1, dtype).message(2, shapeMessage(shape)).bytes(4, data)
  return {
    name,
    op: 'Const',
    inputs: [],
    attrs: new Map([
      ['dtype', typeAttr(dtype)],
      ['value', new MessageWriter().message(8, tensor).finish()],
    ]),
  }
}

export const shapeMessage = (shape: readonly number[]): MessageWriter => {
  const message = new MessageWriter()
  for (const size of shape) message.message(2, new MessageWriter().int(1, size))
  return message
}

const signatureMessage = (
  inputs: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
  method: string,
): MessageWriter => {
  const message = new MessageWriter()
  for (const info of inputs) message.entry(1, info.name, infoMessage(info))
  for (const info of outputs) message.entry(2, info.name, infoMessage(info))
  return message.string(3, method)
}

const infoMessage = ({ tensor, dtype, shape }: TensorInfo): MessageWriter => {
  const message = new MessageWriter().string(1, tensor).int(2, dtype)
  return message.message(3, shape === undefined ? new MessageWriter().int(3, 1) : shapeMessage(shape))
}
