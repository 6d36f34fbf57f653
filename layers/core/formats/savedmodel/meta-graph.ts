/** The parts of `saved_model.pb` besides the graph: signatures, how to initialise, how to restore. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { readFields, readString } from '../../protobuf.ts'
import { type RawGraph, readEntry, readGraph } from './raw-graph.ts'

/** A tensor of the graph under the name that callers use. */
export interface TensorInfo {
  readonly name: string
  /** E.g. `StatefulPartitionedCall:0`. */
  readonly tensor: string
  /** Number of tensorflow.DataType. */
  readonly dtype: number
  /** -1 is any size; undefined when not even the rank is known. */
  readonly shape: readonly number[] | undefined
}

export interface RawSignature {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
}

export interface MetaGraph {
  readonly graph: RawGraph
  readonly signatures: ReadonlyMap<string, RawSignature>
  /** The operation that restores all variables, when there are any. */
  readonly restoreOp?: string
  /** Operations to be run once, after the variables are restored. */
  readonly initOps: readonly string[]
}

/** What TensorFlow calls the signature that names the initialiser. */
export const initSignature = '__saved_model_init_op'

/** The graph for serving: the one with the tag `serve`, or the only one. */
export const readMetaGraph = (file: Uint8Array): MetaGraph => {
  const graphs: Uint8Array[] = []
  for (const field of readFields(file)) if (field.number === 2) graphs.push(field.bytes)
  const tagged = graphs.filter((graph) => tagsOf(graph).includes('serve'))
  const [chosen, ...others] = tagged.length > 0 ? tagged : graphs
  if (chosen === undefined) throw new InvalidInputError('saved_model.pb holds no graph; it is damaged or none')
  if (others.length > 0) {
    throw new UnsupportedError(`saved_model.pb holds ${others.length + 1} graphs to serve; save one of them alone`)
  }
  return readChosen(chosen)
}

const readChosen = (meta: Uint8Array): MetaGraph => {
  let graph: RawGraph | undefined
  let restoreOp: string | undefined
  const initOps: string[] = []
  const signatures = new Map<string, RawSignature>()
  for (const field of readFields(meta)) {
    if (field.number === 2) graph = readGraph(field.bytes)
    if (field.number === 3) {
      for (const part of readFields(field.bytes)) if (part.number === 3) restoreOp = readString(part)
    }
    if (field.number === 4) initOps.push(...initOpsOf(...readEntry(field)))
    if (field.number !== 5) continue
    const [name, definition] = readEntry(field)
    const signature = readSignature(definition)
    if (name === initSignature) initOps.push(...signature.outputs.map(({ tensor }) => tensor))
    else signatures.set(name, signature)
  }
  if (graph === undefined) throw new InvalidInputError('saved_model.pb holds no graph; it is damaged or none')
  return { graph, signatures, initOps: [...new Set(initOps)], ...(restoreOp && { restoreOp }) }
}

/** MetaInfoDef.tags */
const tagsOf = (meta: Uint8Array): string[] => {
  const tags: string[] = []
  for (const field of readFields(meta)) {
    if (field.number !== 1) continue
    for (const part of readFields(field.bytes)) if (part.number === 4) tags.push(readString(part))
  }
  return tags
}

/** CollectionDef.node_list of the collections in which TensorFlow 1 names initialisers. */
const initOpsOf = (key: string, collection: Uint8Array): string[] => {
  if (key !== 'saved_model_main_op' && key !== 'legacy_init_op') return []
  const names: string[] = []
  for (const field of readFields(collection)) {
    if (field.number !== 1) continue
    for (const part of readFields(field.bytes)) if (part.number === 1) names.push(readString(part))
  }
  return names
}

const readSignature = (definition: Uint8Array): RawSignature => {
  const inputs: TensorInfo[] = []
  const outputs: TensorInfo[] = []
  for (const field of readFields(definition)) {
    if (field.number !== 1 && field.number !== 2) continue
    const [name, info] = readEntry(field)
    const into = field.number === 1 ? inputs : outputs
    into.push(readTensorInfo(name, info))
  }
  // Maps come in any order; by name is the order in which Python lists them, too.
  const byName = (a: TensorInfo, b: TensorInfo) => (a.name < b.name ? -1 : 1)
  return { inputs: inputs.sort(byName), outputs: outputs.sort(byName) }
}

const readTensorInfo = (name: string, info: Uint8Array): TensorInfo => {
  let tensor: string | undefined
  let dtype = 0
  let shape: number[] | undefined
  for (const field of readFields(info)) {
    if (field.number === 1) tensor = readString(field)
    if (field.number === 2) dtype = Number(field.int)
    if (field.number === 3) shape = readShape(field.bytes)
  }
  if (tensor === undefined)
    throw new UnsupportedError(
      `${name} of the signature is no plain tensor but a sparse or composite one, which is not served`,
    )
  return { name, tensor, dtype, shape }
}

/** A TensorShapeProto; undefined when the rank is unknown. */
export const readShape = (message: Uint8Array): number[] | undefined => {
  const shape: number[] = []
  for (const { number, int, bytes } of readFields(message)) {
    if (number === 3 && int !== 0n) return undefined
    if (number !== 2) continue
    const [size] = [...readFields(bytes)].filter((part) => part.number === 1)
    shape.push(Number(BigInt.asIntN(64, size?.int ?? 0n)))
  }
  return shape
}
