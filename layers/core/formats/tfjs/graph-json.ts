/** A GraphDef as TF.js writes it, in protocol buffers' JSON form with the constants' values beside it, into the binary form. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { MessageWriter } from '../../protobuf.ts'
import { constNode, shapeMessage } from '../savedmodel/build.ts'
import type { RawFunction, RawGraph, RawNode } from '../savedmodel/raw-graph.ts'
import type { DecodedWeight } from './weights.ts'

type Json = Readonly<Record<string, unknown>>

/** Numbers of tensorflow.DataType by name. */
const dtypes: Readonly<Record<string, number>> = {
  DT_FLOAT: 1,
  DT_DOUBLE: 2,
  DT_INT32: 3,
  DT_UINT8: 4,
  DT_INT16: 5,
  DT_INT8: 6,
  DT_STRING: 7,
  DT_COMPLEX64: 8,
  DT_INT64: 9,
  DT_BOOL: 10,
  DT_BFLOAT16: 14,
  DT_UINT16: 17,
  DT_HALF: 19,
  DT_RESOURCE: 20,
  DT_VARIANT: 21,
  DT_UINT32: 22,
  DT_UINT64: 23,
}

/** The number of a type given by name or number. */
export const dtypeNumber = (value: unknown): number => {
  const number = typeof value === 'number' ? value : dtypes[String(value)]
  if (number === undefined)
    throw new UnsupportedError(`the graph uses the type ${String(value)}, which is not known here`)
  return number
}

/** @param weights by name of the Const node whose value they are */
export const graphFromJson = (topology: unknown, weights: ReadonlyMap<string, DecodedWeight>): RawGraph => {
  const { node, library, versions } = record(topology, 'modelTopology')
  const nodes = new Map<string, RawNode>()
  for (const item of list(node, 'modelTopology.node')) {
    const one = nodeFrom(item, weights)
    if (nodes.has(one.name)) throw new InvalidInputError(`the graph has two nodes named ${one.name}`)
    nodes.set(one.name, one)
  }
  const definitions = library === undefined ? [] : list(record(library, 'library').function, 'library.function')
  const functions = new Map(
    definitions.map((item) => {
      const definition = functionFrom(item, weights)
      return [definition.name, definition]
    }),
  )
  const producer = Number(versions === undefined ? Number.NaN : record(versions, 'versions').producer)
  const version = Number.isSafeInteger(producer) ? new MessageWriter().int(1, producer).int(2, 12).finish() : undefined
  return { nodes, functions, ...(version && { versions: version }) }
}

const nodeFrom = (json: unknown, weights: ReadonlyMap<string, DecodedWeight>): RawNode => {
  const { name, op, input, attr } = record(json, 'node')
  if (typeof name !== 'string' || typeof op !== 'string' || name === '' || op === '') {
    throw new InvalidInputError('the graph has a node without name or operation')
  }
  const inputs = list(input, `inputs of ${name}`).map(String)
  const attrs = Object.entries(record(attr ?? {}, `attributes of ${name}`))
  if (op !== 'Const') return { name, op, inputs, attrs: new Map(attrs.map(([key, value]) => [key, attrFrom(value)])) }
  const weight = weights.get(name)
  const declared = record(Object.fromEntries(attrs).dtype ?? {}, `dtype of ${name}`).type
  if (weight === undefined)
    throw new InvalidInputError(`the weights of model.json hold no value for the constant ${name}`)
  return { ...valueNode(name, weight, dtypeNumber(declared)), inputs }
}

/** TF.js stores int64 as int32 and float64 as float32; the graph says which it was. */
const valueNode = (name: string, { dtype, shape, data }: DecodedWeight, declared: number): RawNode => {
  const aligned = data.slice().buffer
  if (dtype === 'string' && declared === 7) return stringNode(name, shape, data)
  if (dtype === 'int32' && declared === 9) {
    return constNode(name, { dtype: 9, shape, data: bytesOf(BigInt64Array.from(new Int32Array(aligned), BigInt)) })
  }
  if (dtype === 'float32' && declared === 2) {
    return constNode(name, { dtype: 2, shape, data: bytesOf(Float64Array.from(new Float32Array(aligned))) })
  }
  const stored = { float32: 1, int32: 3, bool: 10, string: 7 }[dtype]
  if (stored === declared) return constNode(name, { dtype: declared, shape, data })
  throw new UnsupportedError(`constant ${name} has the TensorFlow type number ${declared}, but its value is ${dtype}`)
}

const stringNode = (name: string, shape: readonly number[], data: Uint8Array): RawNode => {
  const tensor = new MessageWriter().int(1, 7).message(2, shapeMessage(shape))
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let at = 0; at < data.length; ) {
    const length = view.getUint32(at, true)
    tensor.bytes(8, data.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  const value = new MessageWriter().message(8, tensor).finish()
  return {
    name,
    op: 'Const',
    inputs: [],
    attrs: new Map([
      ['dtype', new MessageWriter().int(6, 7).finish()],
      ['value', value],
    ]),
  }
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** An AttrValue: `{ s }`, `{ i }`, `{ list: { i: […] } }` and so on. */
const attrFrom = (json: unknown): Uint8Array => {
  const message = new MessageWriter()
  for (const [kind, value] of Object.entries(record(json, 'attribute'))) {
    if (kind === 'list') message.message(1, listFrom(record(value, 'list')))
    else writeValue(message, kind, value)
  }
  return message.finish()
}

const listFrom = (json: Json): MessageWriter => {
  const message = new MessageWriter()
  for (const [kind, values] of Object.entries(json)) {
    for (const value of list(values, `list of ${kind}`))
      writeValue(message, kind === 'func' ? 'listedFunc' : kind, value)
  }
  return message
}

const writeValue = (message: MessageWriter, kind: string, value: unknown): void => {
  switch (kind) {
    case 's':
      message.bytes(2, Buffer.from(String(value), 'base64'))
      break
    case 'i':
      message.int(3, integer(value))
      break
    case 'f':
      message.float(4, Number(value))
      break
    case 'b':
      message.int(5, value === true ? 1 : 0)
      break
    case 'type':
      message.int(6, dtypeNumber(value))
      break
    case 'shape':
      message.message(7, shapeFrom(value))
      break
    case 'func':
      message.message(10, functionNameFrom(value))
      break
    case 'listedFunc':
      message.message(9, functionNameFrom(value))
      break
    default:
      throw new UnsupportedError(`the graph has an attribute of kind ${kind}, which is not read`)
  }
}

const functionNameFrom = (json: unknown): MessageWriter => {
  const { name, attr } = record(json, 'function name')
  const message = new MessageWriter().string(1, String(name))
  for (const [key, value] of Object.entries(record(attr ?? {}, 'attributes'))) {
    message.message(2, new MessageWriter().string(1, key).bytes(2, attrFrom(value)))
  }
  return message
}

const shapeFrom = (json: unknown): MessageWriter => {
  const { unknownRank } = record(json, 'shape')
  return unknownRank === true ? new MessageWriter().int(3, 1) : shapeMessage(shapeOf(json) ?? [])
}

/** Undefined when the rank is unknown. */
export const shapeOf = (json: unknown): number[] | undefined => {
  const { dim, unknownRank } = record(json, 'shape')
  if (unknownRank === true) return undefined
  return list(dim, 'dimensions').map((item) => Number(integer(record(item, 'dimension').size ?? 0)))
}

const functionFrom = (json: unknown, weights: ReadonlyMap<string, DecodedWeight>): RawFunction => {
  const { signature, nodeDef, ret, attr, controlRet } = record(json, 'function')
  const { name, inputArg, outputArg, isStateful, controlOutput, ...rest } = record(signature, 'signature')
  const foreign = Object.keys(rest).find((key) => key !== 'description' && key !== 'summary')
  if (foreign !== undefined)
    throw new UnsupportedError(`function ${name} of the graph has a ${foreign}, which is not read`)
  const definition = new MessageWriter().string(1, String(name))
  const args = list(inputArg, 'inputArg').map((item) => record(item, 'argument'))
  for (const arg of args) definition.message(2, argumentMessage(arg))
  for (const arg of list(outputArg, 'outputArg')) definition.message(3, argumentMessage(record(arg, 'argument')))
  if (isStateful === true) definition.int(17, 1)
  for (const output of list(controlOutput, 'controlOutput')) definition.string(20, String(output))
  const fields = [
    ...entries(4, ret, (value) => new TextEncoder().encode(String(value))),
    ...entries(5, attr, attrFrom).filter(({ key }) => key !== '_XlaMustCompile'),
    ...entries(6, controlRet, (value) => new TextEncoder().encode(String(value))),
  ]
  return {
    name: String(name),
    args: args.map((arg) => String(arg.name)),
    signature: definition.finish(),
    nodes: list(nodeDef, 'nodeDef').map((item) => nodeFrom(item, weights)),
    rest: fields.map(({ number, bytes }) => ({ number, bytes, int: 0n })),
  }
}

const argumentMessage = ({ name, type, typeAttr, numberAttr, typeListAttr }: Json): MessageWriter => {
  if (typeAttr || numberAttr || typeListAttr)
    throw new UnsupportedError('the graph has functions of several types, which are not read')
  return new MessageWriter().string(1, String(name)).int(3, dtypeNumber(type))
}

const entries = (number: number, json: unknown, encode: (value: unknown) => Uint8Array) =>
  Object.entries(record(json ?? {}, 'map')).map(([key, value]) => ({
    number,
    key,
    bytes: new MessageWriter().string(1, key).bytes(2, encode(value)).finish(),
  }))

const record = (value: unknown, what: string): Json => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new InvalidInputError(`model.json: ${what} is no object`)
}

const list = (value: unknown, what: string): readonly unknown[] => {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw new InvalidInputError(`model.json: ${what} is no list`)
}

const integer = (value: unknown): bigint => {
  const text = String(value)
  if (!/^-?\d{1,19}$/.test(text)) throw new InvalidInputError(`model.json: ${text.slice(0, 40)} is no integer`)
  return BigInt(text)
}
