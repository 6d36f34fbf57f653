/** Reads what a session must know of a SavedModel file: the names, types and shapes of its signature, and its operations. */
import { InvalidInputError } from '../errors.ts'
import { type Field, readFields, readString } from '../protobuf.ts'
import { dtypeNumbers } from './graphdef.ts'
import type { DType, TensorType } from './ir.ts'

export interface SignatureTensor extends TensorType {
  /** What a session calls it, e.g. `images:0`. */
  readonly tensor: string
}

export interface SavedModelSummary {
  /** By signature name, in the order of the file. */
  readonly inputs: Readonly<Record<string, SignatureTensor>>
  readonly outputs: Readonly<Record<string, SignatureTensor>>
  /** Every operation the graph uses, including those of its function library. */
  readonly operations: ReadonlySet<string>
}

/** Throws InvalidInputError for a file without `serving_default`. */
export function readSavedModel(file: Uint8Array): SavedModelSummary {
  const operations = new Set<string>()
  let signature: Pick<SavedModelSummary, 'inputs' | 'outputs'> | undefined
  for (const meta of messages(file, 2)) {
    for (const field of readFields(meta)) {
      if (field.number === 2) readOperations(field.bytes, operations)
      if (field.number === 5) {
        const [name, value] = readEntry(field)
        if (name === 'serving_default') signature = readSignature(value)
      }
    }
  }
  if (signature === undefined) {
    throw new InvalidInputError('The SavedModel has no signature serving_default; save it with one.')
  }
  return { ...signature, operations }
}

/** The GraphDef inside, which sessions are made of. */
export function graphOf(file: Uint8Array): Uint8Array {
  for (const meta of messages(file, 2)) for (const graph of messages(meta, 2)) return graph
  throw new InvalidInputError('The SavedModel holds no graph.')
}

/** A GraphDef holds nodes; its library's functions hold nodes too. */
function readOperations(graph: Uint8Array, into: Set<string>): void {
  const nodes = [...messages(graph, 1)]
  for (const library of messages(graph, 2)) {
    for (const definition of messages(library, 1)) nodes.push(...messages(definition, 3))
  }
  for (const node of nodes) {
    for (const field of readFields(node)) if (field.number === 2) into.add(readString(field))
  }
}

function readSignature(definition: Uint8Array): Pick<SavedModelSummary, 'inputs' | 'outputs'> {
  const inputs: Record<string, SignatureTensor> = {}
  const outputs: Record<string, SignatureTensor> = {}
  for (const field of readFields(definition)) {
    if (field.number !== 1 && field.number !== 2) continue
    const [name, info] = readEntry(field)
    const tensors = field.number === 1 ? inputs : outputs
    tensors[name] = readTensorInfo(info)
  }
  return { inputs, outputs }
}

function readTensorInfo(info: Uint8Array): SignatureTensor {
  let tensor = ''
  let dtype: DType | undefined
  let shape: number[] = []
  for (const field of readFields(info)) {
    if (field.number === 1) tensor = readString(field)
    if (field.number === 2) dtype = dtypeOf(Number(field.int))
    if (field.number === 3) shape = [...messages(field.bytes, 2)].map(readDimension)
  }
  if (dtype === undefined) throw new InvalidInputError(`The SavedModel gives its tensor ${tensor} no known type.`)
  return { tensor, dtype, shape }
}

function readDimension(dimension: Uint8Array): number {
  for (const field of readFields(dimension)) if (field.number === 1) return Number(BigInt.asIntN(64, field.int))
  return 0
}

const dtypeOf = (number: number): DType | undefined =>
  (Object.keys(dtypeNumbers) as DType[]).find((dtype) => dtypeNumbers[dtype] === number)

function readEntry(field: Field): [key: string, value: Uint8Array] {
  let key = ''
  let value: Uint8Array = new Uint8Array()
  for (const part of readFields(field.bytes)) {
    if (part.number === 1) key = readString(part)
    if (part.number === 2) value = part.bytes
  }
  return [key, value]
}

function* messages(message: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of readFields(message)) if (field.number === number) yield field.bytes
}
