/** Stored elements to the three dtypes of a weight; what does not fit is refused rather than rounded off. */
import { sizeOf } from '../../contract/index.ts'
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import type { Hdf5Dataset } from '../hdf5/index.ts'
import type { WeightTensor } from '../types.ts'

/** Float kinds become float32 (float64 is rounded, as tfjs does), integers int32. */
export const decodeElements = (dataset: Hdf5Dataset, name: string): Pick<WeightTensor, 'dtype' | 'data' | 'shape'> => {
  const { element, data, shape } = dataset
  const count = sizeOf(shape)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const floats = (read: (index: number) => number) => bytes(Float32Array.from({ length: count }, (_, i) => read(i)))
  const integers = (read: (index: number) => number | bigint) =>
    bytes(Int32Array.from({ length: count }, (_, i) => asInt32(Number(read(i)), name)))
  switch (element) {
    case 'float32':
      return { shape, dtype: 'float32', data }
    case 'int32':
      return { shape, dtype: 'int32', data }
    case 'bool':
      return { shape, dtype: 'bool', data }
    case 'float64':
      return { shape, dtype: 'float32', data: floats((i) => view.getFloat64(i * 8, true)) }
    case 'float16':
      return { shape, dtype: 'float32', data: floats((i) => float16(view.getUint16(i * 2, true))) }
    case 'opaque16':
      // Keras writes bfloat16 so, marked in its newer files; nothing else of that size.
      if ((dataset.attributes.get('dtype') ?? 'bfloat16') !== 'bfloat16') {
        throw new UnsupportedError(`weight ${name} holds ${dataset.attributes.get('dtype')}, which is not known`)
      }
      return { shape, dtype: 'float32', data: floats((i) => bfloat16(view.getUint16(i * 2, true))) }
    case 'int8':
      return { shape, dtype: 'int32', data: integers((i) => view.getInt8(i)) }
    case 'uint8':
      return { shape, dtype: 'int32', data: integers((i) => view.getUint8(i)) }
    case 'int16':
      return { shape, dtype: 'int32', data: integers((i) => view.getInt16(i * 2, true)) }
    case 'uint16':
      return { shape, dtype: 'int32', data: integers((i) => view.getUint16(i * 2, true)) }
    case 'uint32':
      return { shape, dtype: 'int32', data: integers((i) => view.getUint32(i * 4, true)) }
    case 'int64':
      return { shape, dtype: 'int32', data: integers((i) => view.getBigInt64(i * 8, true)) }
    case 'uint64':
      return { shape, dtype: 'int32', data: integers((i) => view.getBigUint64(i * 8, true)) }
    case 'string':
      throw new UnsupportedError(`weight ${name} holds strings`)
  }
}

const bytes = ({ buffer }: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>): Uint8Array => new Uint8Array(buffer)

const asInt32 = (value: number, name: string): number => {
  if (value === (value | 0)) return value
  throw new InvalidInputError(`weight ${name} holds ${value}, which does not fit into 32 bits`)
}

/** IEEE 754 binary16. */
export const float16 = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const scratch = new DataView(new ArrayBuffer(4))

/** The upper half of a float32. */
export const bfloat16 = (bits: number): number => {
  scratch.setUint32(0, bits << 16)
  return scratch.getFloat32(0)
}
