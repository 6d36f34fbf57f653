/** Writes a graph as TensorFlow's SavedModel file, field by field after graph.proto, node_def.proto, tensor.proto and meta_graph.proto. */
import { UnsupportedError } from '../errors.ts'
import { MessageWriter } from '../protobuf.ts'
import type { Attr, DType, GraphNode, Output, Shape, TensorType, TensorValue } from './ir.ts'
import { inOrder, typeOf } from './ir.ts'

/** Numbers of tensorflow.DataType. */
export const dtypeNumbers = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  int64: 9,
  bool: 10,
  resource: 20,
} as const satisfies Record<DType, number>

/** GraphDef version that producers of TensorFlow 2.12 and later write, and the oldest consumer they allow. */
const graphVersion = { producer: 1087, oldestConsumer: 12 }

/** protobuf refuses messages of 2 GiB and more. */
const largestFile = 2 ** 31 - 1

export interface SavedModelOptions {
  /** Outputs that callers fetch or feed by signature name. */
  readonly inputs: Readonly<Record<string, Output>>
  readonly outputs: Readonly<Record<string, Output>>
  /** Further nodes that must be part of the graph because sessions fetch them by node name. */
  readonly roots?: readonly GraphNode[]
}

/**
 * The content of `saved_model.pb` with the signature `serving_default` and the tag `serve`.
 * Throws UnsupportedError over 2 GiB.
 */
export function writeSavedModel({ inputs, outputs, roots = [] }: SavedModelOptions): Uint8Array {
  const reached = [...Object.values(inputs), ...Object.values(outputs)].map((output) => output.node)
  const nodes = inOrder([...reached, ...roots])
  const names = nameNodes(nodes)
  const graph = new MessageWriter()
  for (const node of nodes) graph.message(1, encodeNode(node, names))
  graph.message(4, new MessageWriter().int(1, graphVersion.producer).int(2, graphVersion.oldestConsumer))

  const signature = new MessageWriter()
  for (const [name, output] of Object.entries(inputs)) signature.entry(1, name, encodeTensorInfo(output, names))
  for (const [name, output] of Object.entries(outputs)) signature.entry(2, name, encodeTensorInfo(output, names))
  signature.string(3, 'tensorflow/serving/predict')

  const meta = new MessageWriter()
    .message(1, new MessageWriter().string(4, 'serve').string(5, '2.12.0'))
    .message(2, graph)
    .entry(5, 'serving_default', signature)
  const file = new MessageWriter().int(1, 1).message(2, meta)
  if (file.length > largestFile) {
    throw new UnsupportedError(
      `The compiled graph would take ${file.length} bytes; a graph file holds at most ${largestFile}. The layers model serves it.`,
    )
  }
  return file.finish()
}

/** Names as a graph file wants them: given ones kept, others made from the operation; twins get a number. */
function nameNodes(nodes: readonly GraphNode[]): ReadonlyMap<GraphNode, string> {
  const taken = new Set<string>()
  const names = new Map<GraphNode, string>()
  for (const node of nodes) {
    if (node.name === '') continue
    if (taken.has(node.name)) throw new Error(`two nodes of a graph are named ${node.name}`)
    taken.add(node.name)
    names.set(node, node.name)
  }
  const counters = new Map<string, number>()
  for (const node of nodes) {
    if (node.name !== '') continue
    // A name may not begin as those of fused operations do.
    const stem = node.op.replace(/^_/, '')
    let name: string
    do {
      const count = counters.get(stem) ?? 0
      counters.set(stem, count + 1)
      name = `${stem}_${count}`
    } while (taken.has(name))
    taken.add(name)
    names.set(node, name)
  }
  return names
}

const nameOf = (node: GraphNode, names: ReadonlyMap<GraphNode, string>): string => names.get(node) as string

function encodeNode(node: GraphNode, names: ReadonlyMap<GraphNode, string>): MessageWriter {
  const message = new MessageWriter().string(1, nameOf(node, names)).string(2, node.op)
  for (const { node: source, index } of node.inputs) message.string(3, `${nameOf(source, names)}:${index}`)
  for (const control of node.controls) message.string(3, `^${nameOf(control, names)}`)
  for (const [name, attr] of Object.entries(node.attrs)) message.entry(5, name, encodeAttr(attr))
  return message
}

function encodeAttr(attr: Attr): MessageWriter {
  const message = new MessageWriter()
  if ('type' in attr) return message.int(6, dtypeNumbers[attr.type])
  if ('int' in attr) return message.int(3, attr.int)
  if ('ints' in attr) return message.message(1, new MessageWriter().packedInts(3, attr.ints))
  if ('types' in attr) {
    return message.message(
      1,
      new MessageWriter().packedInts(
        6,
        attr.types.map((type) => dtypeNumbers[type]),
      ),
    )
  }
  if ('strings' in attr) {
    return message.message(
      1,
      attr.strings.reduce((list, text) => list.string(2, text), new MessageWriter()),
    )
  }
  if ('float' in attr) return message.float(4, attr.float)
  if ('bool' in attr) return message.int(5, attr.bool ? 1 : 0)
  if ('string' in attr) return message.string(2, attr.string)
  if ('shape' in attr) return message.message(7, encodeShape(attr.shape))
  return message.message(8, encodeTensor(attr.tensor))
}

function encodeShape(shape: Shape): MessageWriter {
  const message = new MessageWriter()
  for (const size of shape) message.message(2, new MessageWriter().int(1, size))
  return message
}

function encodeTensor({ dtype, shape, data }: TensorValue): MessageWriter {
  const message = new MessageWriter().int(1, dtypeNumbers[dtype]).message(2, encodeShape(shape))
  const size = shape.reduce((product, length) => product * length, 1)
  if (data.length === size) {
    return message.bytes(4, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  const value = data[0] ?? 0
  if (dtype === 'float32') return message.bytes(5, new Uint8Array(Float32Array.of(value).buffer))
  return message.packedInts(dtype === 'bool' ? 11 : 7, [value])
}

function encodeTensorInfo(output: Output, names: ReadonlyMap<GraphNode, string>): MessageWriter {
  const { dtype, shape }: TensorType = typeOf(output)
  return new MessageWriter()
    .string(1, `${nameOf(output.node, names)}:${output.index}`)
    .int(2, dtypeNumbers[dtype])
    .message(3, encodeShape(shape))
}
