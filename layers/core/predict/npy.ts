/** One NumPy array as a request, one as an answer: what SageMaker's NumpySerializer writes and NumpyDeserializer reads. */
import type { NamedTensors } from '@maas/core/contract'
// By its own path: the rest of data takes 50 ms to load.
import { parseNpy } from '@maas/core/data/npy'
import { InvalidInputError, TooLargeError } from '@maas/core/errors'
import { datatypes, fromJsonValues } from './datatypes.ts'
import { onlyTensor } from './only-tensor.ts'
import type { PredictInput, ServedModel } from './types.ts'

/** Values are rounded to the input's float32 as those of JSON are; whole numbers that the input cannot hold are refused by position. */
export const readNpy = (body: Uint8Array, model: ServedModel, maxRows: number): PredictInput => {
  const spec = onlyTensor(model.signature.inputs, 'input', model, 'a NumPy array')
  const { shape, values } = parseNpy('The body', body)
  const [rows = 0] = shape
  if (shape.length === 0 || rows === 0)
    throw new InvalidInputError('The array has no rows; its first dimension counts the examples.')
  if (rows > maxRows)
    throw new TooLargeError(`The array has ${rows} rows; at most ${maxRows} are taken in one request. Send several.`)
  const numbers =
    values instanceof BigInt64Array || values instanceof BigUint64Array ? Array.from(values, Number) : values
  const given = spec.dtype === 'bool' ? Array.from(numbers, (value) => value !== 0) : Array.from(numbers)
  const wanted = { param: 'body', datatype: datatypes[spec.dtype], dtype: spec.dtype }
  return {
    kind: 'tensors',
    tensors: { [spec.name]: { dtype: spec.dtype, shape: [...shape], data: fromJsonValues(given, wanted) } },
  }
}

const descriptions = { float32: '<f4', int32: '<i4', uint8: '|u1', bool: '|b1' } as const

/** Version 1.0 of the format. InvalidInputError for several outputs and for texts. */
export const writeNpy = (outputs: NamedTensors, model: Pick<ServedModel, 'name' | 'signature'>): Uint8Array => {
  const { name } = onlyTensor(model.signature.outputs, 'output', model, 'a NumPy array')
  const tensor = outputs[name] ?? Object.values(outputs)[0]
  if (tensor === undefined || tensor.dtype === 'string')
    throw new InvalidInputError(`"${model.name}" answers texts; ask for application/json.`, { param: 'accept' })
  const { dtype, shape, data } = tensor
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const header = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${size}), }`
  // Values begin at a multiple of 64, as the format asks for.
  const start = Math.ceil((10 + header.length + 1) / 64) * 64
  const head = Buffer.alloc(start, ' ')
  head.write('\x93NUMPY\x01\x00', 'latin1')
  head.writeUInt16LE(start - 10, 8)
  head.write(header, 10, 'latin1')
  head.write('\n', start - 1)
  const values = data as Float32Array | Int32Array | Uint8Array
  return Buffer.concat([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)])
}
