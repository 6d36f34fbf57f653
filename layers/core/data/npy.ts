/** Parses NumPy's .npy format. Source: NEP 1 and `numpy.lib.format`. */
import { sizeOf } from '../contract/index.ts'
import { InvalidInputError, UnsupportedError } from '../errors.ts'

type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

export interface NpyArray {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Values
  readonly whole: boolean
}

/** By NumPy's type string without the byte order. */
const types: Readonly<Record<string, { new (buffer: ArrayBufferLike, offset: number, length: number): Values }>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
}

/** Views the bytes where they are aligned, so that a large array is not copied. */
export function parseNpy(name: string, bytes: Uint8Array): NpyArray {
  const { header, start } = readHeader(name, bytes)
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1]
  const shapeText = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1]
  if (descr === undefined || shapeText === undefined) {
    throw new UnsupportedError(
      `${name} is an array of a structured or unknown type. Allowed: integers, float32, float64.`,
    )
  }
  if (/'fortran_order':\s*True/.test(header)) {
    throw new UnsupportedError(`${name} is in Fortran order. Save it with numpy.ascontiguousarray(${name}).`)
  }
  const Type = types[descr.slice(1)]
  if (Type === undefined || (descr.startsWith('>') && !descr.endsWith('1'))) {
    throw new UnsupportedError(
      `${name} has type ${descr}. Allowed: bool, integers, float32 and float64, little-endian; convert it with ${name}.astype('float32').`,
    )
  }
  const shape = shapeText
    .split(',')
    .map((size) => size.trim())
    .filter(Boolean)
    .map((size) => Number.parseInt(size, 10))
  const length = sizeOf(shape)
  const needed = length * Number(descr.slice(2))
  if (bytes.length - start !== needed) {
    throw new InvalidInputError(
      `${name} is damaged: ${bytes.length - start} bytes of values where its shape needs ${needed}.`,
    )
  }
  const aligned = (bytes.byteOffset + start) % 8 === 0 ? bytes.subarray(start) : new Uint8Array(bytes.subarray(start))
  return { name, shape, values: new Type(aligned.buffer, aligned.byteOffset, length), whole: /[bui]/.test(descr) }
}

function readHeader(name: string, bytes: Uint8Array): { readonly header: string; readonly start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    throw new InvalidInputError(`${name} is not a NumPy array file.`)
  }
  const short = bytes[6] === 1
  const length = short ? view.getUint16(8, true) : view.getUint32(8, true)
  const start = (short ? 10 : 12) + length
  if (start > bytes.length || length > 65_536) throw new InvalidInputError(`${name} is damaged: its header is cut off.`)
  return { header: Buffer.from(bytes.subarray(start - length, start)).toString('latin1'), start }
}
