/** Requests of the Open Inference Protocol into prediction input: JSON tensors, bytes behind the JSON, or one raw tensor. */
import {
  type InferInput,
  type InferRequest,
  shown,
  sizeOf,
  type TensorData,
  type TensorSpec,
} from '@maas/core/contract'
import { InvalidInputError, TooLargeError } from '@maas/core/errors'
import { checkDatatype, datatypes, elementSize, fromByteStrings, fromBytes, fromJsonValues } from './datatypes.ts'
import { encodedImage } from './image-source.ts'
import { shapeText } from './nested.ts'
import type { PredictInput, ServedModel } from './types.ts'

/** An output that was asked for. */
export interface WantedOutput {
  readonly name: string
  /** As bytes behind the JSON. */
  readonly binary: boolean
  /** The k best classes in place of the scores. */
  readonly classification?: number
}

/** Splits a body at the length that `Inference-Header-Content-Length` gives; all JSON without that header. */
export const splitBody = (
  body: Uint8Array,
  header: string | null,
): { readonly json: Uint8Array | undefined; readonly tail: Uint8Array } => {
  if (header === null) return { json: body, tail: new Uint8Array() }
  const length = /^\d{1,15}$/.test(header.trim()) ? Number(header) : Number.NaN
  if (!(length <= body.byteLength)) {
    throw new InvalidInputError(
      `inference-header-content-length: got ${shown(header)}; it is the number of bytes of JSON at the start of the body, which has ${body.byteLength}.`,
      { param: 'inference-header-content-length' },
    )
  }
  return { json: length === 0 ? undefined : body.subarray(0, length), tail: body.subarray(length) }
}

export const decodeInfer = (
  request: InferRequest,
  tail: Uint8Array,
  model: ServedModel,
  maxRows: number,
): PredictInput => {
  refuseSequences(request)
  let at = 0
  const inputs = request.inputs.map((input, index) => {
    const param = `inputs[${index}]`
    checkDatatype(input.datatype, `${param}.datatype`)
    checkShape(input, param, maxRows)
    const size = input.parameters?.binary_data_size
    if (size === undefined) return { input, param, bytes: undefined }
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > tail.byteLength - at) {
      throw invalid(
        `${param}.parameters.binary_data_size`,
        `got ${shown(size)}; ${tail.byteLength - at} bytes are left behind the JSON`,
      )
    }
    if (input.data !== undefined) throw invalid(`${param}.data`, 'got values and binary_data_size; give one of the two')
    const bytes = tail.subarray(at, at + size)
    at += size
    return { input, param, bytes }
  })
  if (at !== tail.byteLength) {
    throw invalid('body', `${tail.byteLength - at} bytes are left over behind the tensors that the JSON names`)
  }
  return toInput(inputs, model)
}

interface Received {
  readonly input: InferInput
  readonly param: string
  readonly bytes: Uint8Array | undefined
}

const toInput = (inputs: readonly Received[], model: ServedModel): PredictInput => {
  const { signature, preprocess } = model
  const twice = inputs.findIndex(({ input }, index) => inputs.findIndex((o) => o.input.name === input.name) !== index)
  if (twice !== -1)
    throw invalid(`inputs[${twice}].name`, `got ${shown(inputs[twice]?.input.name)} for the second time`)
  const [first] = inputs
  if (preprocess.kind === 'image' && inputs.length === 1 && first?.input.datatype === 'BYTES') {
    return { kind: 'images', images: imagesOf(first) }
  }
  const isInput = ({ input }: Received) => signature.inputs.some(({ name }) => name === input.name)
  if (preprocess.kind === 'tabular' && !inputs.every(isInput)) return { kind: 'rows', rows: tableOf(inputs) }
  return {
    kind: 'tensors',
    tensors: Object.fromEntries(
      inputs.map((received) => [received.input.name, tensorOf(received, specOf(received, signature.inputs))]),
    ),
  }
}

const specOf = ({ input, param }: Received, specs: readonly TensorSpec[]): TensorSpec => {
  const spec = specs.find(({ name }) => name === input.name)
  if (spec !== undefined) return spec
  const names = specs.map(({ name }) => `"${name}"`).join(', ')
  throw invalid(`${param}.name`, `got ${shown(input.name)}; this model takes ${names}`)
}

const tensorOf = (received: Received, { dtype }: Pick<TensorSpec, 'dtype'>): TensorData => {
  const { input, param, bytes } = received
  const wanted = { param: `${param}.data`, datatype: input.datatype, dtype }
  const { shape } = input
  const count = sizeOf(shape)
  if (bytes === undefined) return { dtype, shape, data: fromJsonValues(flatValues(received), wanted) }
  const size = elementSize(input.datatype)
  if (size !== undefined && bytes.byteLength !== count * size) {
    throw invalid(
      `${param}.parameters.binary_data_size`,
      `got ${bytes.byteLength} bytes; ${input.datatype} of the shape ${shapeText(shape)} has ${count * size}`,
    )
  }
  const data = fromBytes(bytes, wanted)
  if (data.length !== count) {
    throw invalid(wanted.param, `got ${data.length} elements; the shape ${shapeText(shape)} holds ${count}`)
  }
  return { dtype, shape, data }
}

/** Values of `data`, which may be flat or nested as the shape says. */
const flatValues = ({ input: { data, shape }, param }: Received): readonly unknown[] => {
  if (data === undefined) throw invalid(`${param}.data`, 'is missing, and no binary_data_size is given')
  const count = sizeOf(shape)
  if (!Array.isArray(data[0])) {
    if (data.length === count) return data
    throw invalid(`${param}.data`, `got ${data.length} values; the shape ${shapeText(shape)} holds ${count}`)
  }
  const flat: unknown[] = []
  const take = (values: unknown, depth: number): void => {
    if (depth === shape.length) return void flat.push(values)
    if (!Array.isArray(values) || values.length !== shape[depth]) {
      throw invalid(`${param}.data`, `got ${shown(values)} at depth ${depth}; the shape is ${shapeText(shape)}`)
    }
    for (const value of values) take(value, depth + 1)
  }
  take(data, 0)
  return flat
}

const imagesOf = (received: Received): Uint8Array[] => {
  const { input, param, bytes } = received
  const count = sizeOf(input.shape)
  const images =
    bytes === undefined
      ? flatValues(received).map((value, at) => encodedImage(value, `${param}.data[${at}]`))
      : fromByteStrings(bytes, `${param}.data`)
  if (images.length === count) return images
  throw invalid(`${param}.data`, `got ${images.length} images; the shape ${shapeText(input.shape)} holds ${count}`)
}

/** One input for each column: texts or numbers, `[rows]` or `[rows, 1]`. */
const tableOf = (inputs: readonly Received[]): Record<string, unknown>[] => {
  const columns = inputs.map((received) => {
    const { input, param } = received
    const rows = input.shape[0] ?? 0
    if (sizeOf(input.shape) !== rows) {
      throw invalid(`${param}.shape`, `got ${shapeText(input.shape)}; a column has one value for each row`)
    }
    const dtype = input.datatype === 'BYTES' ? 'string' : input.datatype === 'BOOL' ? 'bool' : 'float32'
    return { name: input.name, param, rows, values: [...tensorOf(received, { dtype }).data] as readonly unknown[] }
  })
  const [lead] = columns
  const other = columns.find(({ rows }) => rows !== lead?.rows)
  if (other !== undefined)
    throw invalid(`${other.param}.shape`, `got ${other.rows} rows; ${lead?.param} has ${lead?.rows}`)
  return Array.from({ length: lead?.rows ?? 0 }, (_, row) =>
    Object.fromEntries(columns.map(({ name, values }) => [name, values[row]])),
  )
}

/** The whole body is the only input, batch of one: its values as bytes, or an encoded image. */
export const decodeRaw = (body: Uint8Array, { signature, preprocess, name }: ServedModel): PredictInput => {
  const [spec, ...others] = signature.inputs
  if (spec === undefined || others.length > 0) {
    throw invalid('body', `"${name}" has ${signature.inputs.length} inputs; a body without JSON can be one only`)
  }
  const row = spec.shape.slice(1)
  const shape = [1, ...row]
  const size = (elementSize(datatypes[spec.dtype]) ?? 0) * sizeOf(row)
  const isTensor = !row.includes(-1) && body.byteLength === size
  if (preprocess.kind === 'image' && !isTensor) return { kind: 'images', images: [body] }
  const wanted = { param: 'body', datatype: datatypes[spec.dtype], dtype: spec.dtype }
  if (spec.dtype === 'string' && sizeOf(row) === 1) {
    const framed = Buffer.concat([Buffer.alloc(4), body])
    framed.writeUInt32LE(body.byteLength)
    return { kind: 'tensors', tensors: { [spec.name]: { dtype: 'string', shape, data: fromBytes(framed, wanted) } } }
  }
  if (!isTensor) {
    const takes = row.includes(-1)
      ? `"${spec.name}" has the shape ${shapeText(spec.shape)}, so its shape has to be said in JSON`
      : `one ${wanted.datatype} of the shape ${shapeText(shape)} has ${size}`
    throw invalid('body', `got ${body.byteLength} bytes; ${takes}`)
  }
  return { kind: 'tensors', tensors: { [spec.name]: { dtype: spec.dtype, shape, data: fromBytes(body, wanted) } } }
}

/** Outputs in the order they were asked for; all of the model's when none were. */
export const wantedOutputs = (request: InferRequest | undefined, model: ServedModel): WantedOutput[] => {
  const all = request?.parameters?.binary_data_output === true
  const names = model.signature.outputs.map(({ name }) => name)
  if (request?.outputs === undefined || request.outputs.length === 0) {
    return names.map((name) => ({ name, binary: all }))
  }
  return request.outputs.map(({ name, parameters = {} }, index) => {
    if (!names.includes(name)) {
      const answers = names.map((known) => `"${known}"`).join(', ')
      throw invalid(`outputs[${index}].name`, `got ${shown(name)}; this model answers ${answers}`)
    }
    const { binary_data: binary = all, classification: k } = parameters
    if (typeof binary !== 'boolean') {
      throw invalid(`outputs[${index}].parameters.binary_data`, `got ${shown(binary)}; it is true or false`)
    }
    if (k === undefined || k === 0) return { name, binary }
    if (typeof k !== 'number' || !Number.isInteger(k) || k < 0) {
      throw invalid(`outputs[${index}].parameters.classification`, `got ${shown(k)}; it is how many classes to answer`)
    }
    return { name, binary, classification: k }
  })
}

const checkShape = ({ shape }: InferInput, param: string, maxRows: number): void => {
  const [rows = 0] = shape
  if (shape.length === 0 || sizeOf(shape) === 0) {
    throw invalid(`${param}.shape`, `got ${shapeText(shape)}; the first dimension is the batch, and none may be 0`)
  }
  if (rows > maxRows) {
    throw new TooLargeError(`${param}.shape: got ${rows} rows; at most ${maxRows} are taken in one request.`, {
      param: `${param}.shape`,
    })
  }
}

/** Models here keep nothing from one request to the next; saying so beats an answer that pretends. */
const refuseSequences = ({ parameters = {}, inputs, outputs = [] }: InferRequest): void => {
  const id = parameters.sequence_id
  if (id !== undefined && id !== 0 && id !== '') {
    throw invalid('parameters.sequence_id', `got ${shown(id)}; models here are stateless and know no sequences`)
  }
  const shared = [...inputs, ...outputs].find((part) => part.parameters?.shared_memory_region !== undefined)
  if (shared !== undefined) {
    throw invalid(`"${shared.name}"`, 'got shared_memory_region; this server shares no memory with its clients')
  }
}

const invalid = (param: string, message: string): InvalidInputError =>
  new InvalidInputError(`${param}: ${message}.`, { param })
