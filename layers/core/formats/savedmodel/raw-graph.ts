/** A GraphDef taken apart as far as its checking needs: names, operations, edges and functions are read, attributes stay bytes. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { type Field, MessageWriter, readFields, readString } from '../../protobuf.ts'

export interface RawNode {
  readonly name: string
  readonly op: string
  /** `node`, `node:1`, in functions `node:output:0`, and `^node` for control. */
  readonly inputs: readonly string[]
  /** AttrValue messages. */
  readonly attrs: ReadonlyMap<string, Uint8Array>
}

export interface RawFunction {
  readonly name: string
  /** Names of its arguments, in order. */
  readonly args: readonly string[]
  /** The whole OpDef. */
  readonly signature: Uint8Array
  readonly nodes: readonly RawNode[]
  /** Results, attributes and control results, as they are. */
  readonly rest: readonly Field[]
}

export interface RawGraph {
  readonly nodes: ReadonlyMap<string, RawNode>
  readonly functions: ReadonlyMap<string, RawFunction>
  /** The VersionDef. */
  readonly versions?: Uint8Array
}

/** More than this is no model: EfficientNet-B7 has 6,000 nodes. */
const mostNodes = 1_000_000

/** InvalidInputError for what is damaged, UnsupportedError for fields that a later TensorFlow may have given a meaning. */
export const readGraph = (bytes: Uint8Array): RawGraph => {
  const nodes: RawNode[] = []
  const functions = new Map<string, RawFunction>()
  let versions: Uint8Array | undefined
  for (const field of readFields(bytes)) {
    if (field.number === 1) nodes.push(readNode(field.bytes))
    else if (field.number === 2) for (const one of readLibrary(field.bytes)) addOnce(functions, one.name, one)
    else if (field.number === 4) versions = field.bytes
    else if (field.number !== 3 && field.number !== 5) throw unknownField('GraphDef', field)
    if (nodes.length > mostNodes) throw new UnsupportedError(`the graph has more than ${mostNodes} nodes`)
  }
  const byName = new Map<string, RawNode>()
  for (const node of nodes) addOnce(byName, node.name, node)
  return { nodes: byName, functions, ...(versions && { versions }) }
}

const addOnce = <T>(into: Map<string, T>, name: string, value: T): void => {
  if (into.has(name)) throw new InvalidInputError(`the graph has two nodes or functions named ${name}`)
  into.set(name, value)
}

const readLibrary = (bytes: Uint8Array): RawFunction[] => {
  const functions: RawFunction[] = []
  // Gradients (fields 2 and 3) have no part in prediction.
  for (const field of readFields(bytes)) if (field.number === 1) functions.push(readFunction(field.bytes))
  return functions
}

const readNode = (bytes: Uint8Array): RawNode => {
  let name = ''
  let op = ''
  const inputs: string[] = []
  const attrs = new Map<string, Uint8Array>()
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = readString(field)
    else if (field.number === 2) op = readString(field)
    else if (field.number === 3) inputs.push(readString(field))
    else if (field.number === 5) addOnce(attrs, ...readEntry(field))
    // 4 asks for a device, which this machine may not have; 6 and 7 are notes for debuggers and type checkers.
    else if (![4, 6, 7].includes(field.number)) throw unknownField('NodeDef', field)
  }
  if (name === '' || op === '') throw new InvalidInputError('the graph has a node without name or operation')
  return { name, op, inputs, attrs }
}

const readFunction = (bytes: Uint8Array): RawFunction => {
  let signature = new Uint8Array()
  const nodes: RawNode[] = []
  const rest: Field[] = []
  for (const field of readFields(bytes)) {
    if (field.number === 1) signature = field.bytes as Uint8Array<ArrayBuffer>
    else if (field.number === 3) nodes.push(readNode(field.bytes))
    else if ([4, 6, 7, 8].includes(field.number)) rest.push(field)
    else if (field.number === 5) {
      // Compilation by XLA is a wish about speed, which needs a compiler that is not there.
      if (readEntry(field)[0] !== '_XlaMustCompile') rest.push(field)
    } else throw unknownField('FunctionDef', field)
  }
  let name = ''
  const args: string[] = []
  for (const field of readFields(signature)) {
    if (field.number === 1) name = readString(field)
    if (field.number === 2)
      for (const part of readFields(field.bytes)) if (part.number === 1) args.push(readString(part))
  }
  if (name === '') throw new InvalidInputError('the graph has a function without name')
  return { name, args, signature, nodes, rest }
}

/** One entry of a `map<string, message>`. */
export const readEntry = (field: Field): [key: string, value: Uint8Array] => {
  let key = ''
  let value: Uint8Array = new Uint8Array()
  for (const part of readFields(field.bytes)) {
    if (part.number === 1) key = readString(part)
    if (part.number === 2) value = part.bytes
  }
  return [key, value]
}

export const graphMessage = ({ nodes, functions, versions }: RawGraph): MessageWriter => {
  const graph = new MessageWriter()
  for (const node of nodes.values()) graph.message(1, nodeMessage(node))
  const library = new MessageWriter()
  for (const { signature, nodes, rest } of functions.values()) {
    const definition = new MessageWriter().bytes(1, signature)
    for (const node of nodes) definition.message(3, nodeMessage(node))
    for (const { number, bytes } of rest) definition.bytes(number, bytes)
    library.message(1, definition)
  }
  graph.message(2, library)
  return versions === undefined ? graph : graph.bytes(4, versions)
}

const nodeMessage = ({ name, op, inputs, attrs }: RawNode): MessageWriter => {
  const message = new MessageWriter().string(1, name).string(2, op)
  for (const input of inputs) message.string(3, input)
  for (const [key, value] of attrs) {
    if (key !== '_XlaMustCompile') message.message(5, new MessageWriter().string(1, key).bytes(2, value))
  }
  return message
}

const unknownField = (message: string, { number }: Field): UnsupportedError =>
  new UnsupportedError(
    `the graph's ${message} has a field ${number}, whose meaning is not known here; save it with TensorFlow 2.21 or older`,
  )
