/** Weights as TF.js stores them: one after the other in the order of their specs, quantised or not. */
import { sizeOf } from '../../contract/tensors.ts'
import { InvalidInputError, UnsupportedError } from '../../errors.ts'

export interface WeightSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
  readonly quantization?: Readonly<Record<string, unknown>> | undefined
}

export interface DecodedWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string'
  /** Little-endian; of strings, each with its length in four bytes before it. */
  readonly data: Uint8Array
}

/** By dtype; maps, because dtypes come from files: an object would know `toString`. */
const plainBytes: ReadonlyMap<string, number> = new Map([
  ['float32', 4],
  ['int32', 4],
  ['bool', 1],
])
const quantizedBytes: ReadonlyMap<string, number> = new Map([
  ['uint8', 1],
  ['uint16', 2],
  ['float16', 2],
])

/** InvalidInputError when the bytes are not exactly what the specs ask for; UnsupportedError for forms that are not read. */
export const decodeWeights = (specs: readonly WeightSpec[], bytes: Uint8Array): DecodedWeight[] => {
  let offset = 0
  const take = (size: number): Uint8Array => {
    offset += size
    return bytes.subarray(offset - size, offset)
  }
  const decoded = specs.map((spec): DecodedWeight => {
    const { name, shape, dtype } = spec
    const size = sizeOf(shape)
    if (dtype === 'string') return { name, shape, dtype, data: takeStrings(name, size, bytes.subarray(offset), take) }
    const width = plainBytes.get(dtype)
    if (width === undefined)
      throw unsupported(name, `has dtype ${dtype}; read are ${[...plainBytes.keys()].join(', ')} and string`)
    if (offset + size > bytes.length) throw short(bytes.length, wantedBy(specs))
    const type = dtype as 'float32' | 'int32' | 'bool'
    if (spec.quantization === undefined) return { name, shape, dtype: type, data: take(size * width) }
    return { name, shape, dtype: type, data: dequantize(spec, take(size * quantizedWidth(spec))) }
  })
  if (offset !== bytes.length) throw short(bytes.length, offset)
  return decoded
}

/** Bytes that the specs ask for; undefined where strings are among them, whose lengths only the bytes tell. */
const wantedBy = (specs: readonly WeightSpec[]): number | undefined => {
  if (specs.some(({ dtype }) => dtype === 'string')) return undefined
  return specs.reduce((sum, spec) => {
    const width = spec.quantization === undefined ? (plainBytes.get(spec.dtype) ?? 0) : quantizedWidth(spec)
    return sum + sizeOf(spec.shape) * width
  }, 0)
}

const takeStrings = (name: string, count: number, rest: Uint8Array, take: (size: number) => Uint8Array): Uint8Array => {
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
  let size = 0
  for (let index = 0; index < count; index++) {
    if (size + 4 > rest.length) throw short(rest.length)
    size += 4 + view.getUint32(size, true)
  }
  if (size > rest.length) throw unsupported(name, 'is cut short')
  return take(size)
}

const quantizedWidth = ({ name, quantization }: WeightSpec): number => {
  const width = quantizedBytes.get(String(quantization?.dtype))
  if (width !== undefined) return width
  throw unsupported(name, `is quantised to ${quantization?.dtype}; read are ${[...quantizedBytes.keys()].join(', ')}`)
}

/** As TF.js does when it loads them. */
const dequantize = ({ name, dtype, quantization = {} }: WeightSpec, stored: Uint8Array): Uint8Array => {
  const width = quantizedBytes.get(String(quantization.dtype)) ?? 1
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  const values = Float64Array.from({ length: stored.length / width }, (_, at) =>
    width === 1 ? view.getUint8(at) : view.getUint16(2 * at, true),
  )
  if (quantization.dtype === 'float16') {
    if (dtype !== 'float32') throw unsupported(name, `is ${dtype} quantised to float16`)
    return bytesOf(Float32Array.from(values, fromHalf))
  }
  const { scale, min } = quantization
  if (typeof scale !== 'number' || typeof min !== 'number')
    throw unsupported(name, 'is quantised without scale and min')
  if (dtype === 'float32') return bytesOf(Float32Array.from(values, (value) => value * scale + min))
  if (dtype === 'int32') return bytesOf(Int32Array.from(values, (value) => Math.round(value * scale + min)))
  throw unsupported(name, `is a quantised ${dtype}`)
}

const fromHalf = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * 2 ** -24 * fraction
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

const short = (got: number, wanted?: number): InvalidInputError =>
  new InvalidInputError(
    `the weights hold ${got} bytes, but model.json lists ${wanted ?? 'more'}; the files do not belong together or one is cut short`,
    { param: 'weights' },
  )

const unsupported = (name: string, why: string): UnsupportedError => new UnsupportedError(`weight ${name} ${why}`)
