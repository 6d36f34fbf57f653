/** Datatypes of the Open Inference Protocol: how each lies in bytes and in JSON, and which of ours holds its values exactly. */
import { type DType, shown, type TensorData } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'

interface NumberType {
  readonly size: number
  readonly read: (view: DataView, at: number) => number
  /** Whether a JSON number is a value of the type. */
  readonly takes: (value: number) => boolean
  readonly words: string
}

const whole = (size: number, read: NumberType['read'], least: number, most: number): NumberType => ({
  size,
  read,
  takes: (value) => Number.isInteger(value) && value >= least && value <= most,
  words: `whole numbers from ${least} to ${most}`,
})

/** IEEE 754 half precision; `DataView.getFloat16` is younger than the oldest Node we take. */
const half = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const numbers: Readonly<Record<string, NumberType>> = {
  UINT8: whole(1, (view, at) => view.getUint8(at), 0, 255),
  UINT16: whole(2, (view, at) => view.getUint16(at, true), 0, 65_535),
  UINT32: whole(4, (view, at) => view.getUint32(at, true), 0, 4_294_967_295),
  UINT64: whole(8, (view, at) => Number(view.getBigUint64(at, true)), 0, Number.MAX_SAFE_INTEGER),
  INT8: whole(1, (view, at) => view.getInt8(at), -128, 127),
  INT16: whole(2, (view, at) => view.getInt16(at, true), -32_768, 32_767),
  INT32: whole(4, (view, at) => view.getInt32(at, true), -2_147_483_648, 2_147_483_647),
  INT64: whole(8, (view, at) => Number(view.getBigInt64(at, true)), Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  FP16: {
    size: 2,
    read: (view, at) => half(view.getUint16(at, true)),
    takes: (value) => Math.abs(value) < 65_520,
    words: 'numbers of at most 65504',
  },
  FP32: {
    size: 4,
    read: (view, at) => view.getFloat32(at, true),
    takes: (value) => Number.isFinite(Math.fround(value)),
    words: 'finite numbers (float32)',
  },
  FP64: {
    size: 8,
    read: (view, at) => view.getFloat64(at, true),
    takes: Number.isFinite,
    words: 'finite numbers',
  },
}

const known = ['BOOL', ...Object.keys(numbers), 'BYTES']

/** What our own types are called there. */
export const datatypes = {
  float32: 'FP32',
  int32: 'INT32',
  bool: 'BOOL',
  uint8: 'UINT8',
  string: 'BYTES',
} as const satisfies Record<DType, string>

/** Which numbers a tensor of ours holds as they are. */
const holds: Readonly<Record<'float32' | 'int32' | 'uint8', (value: number) => boolean>> = {
  float32: (value) => Object.is(Math.fround(value), value),
  int32: (value) => (value | 0) === value,
  uint8: (value) => (value & 255) === value,
}

const makers = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array } as const

/** Bytes of one element; undefined for BYTES, whose elements say how long they are. */
export const elementSize = (datatype: string): number | undefined => (datatype === 'BOOL' ? 1 : numbers[datatype]?.size)

export const checkDatatype = (datatype: string, param: string): void => {
  if (known.includes(datatype)) return
  throw new InvalidInputError(`${param}: got ${shown(datatype)}; the datatypes are ${known.join(', ')}.`, { param })
}

export interface Wanted {
  /** Only words errors. */
  readonly param: string
  readonly datatype: string
  /** Our type that the values go into. */
  readonly dtype: DType
}

const refuse = ({ param }: Wanted, message: string): never => {
  throw new InvalidInputError(`${param}: ${message}.`, { param })
}

/** Values in JSON, already flat, into data of `dtype`; InvalidInputError for values that it would not hold exactly. */
export const fromJsonValues = (values: readonly unknown[], wanted: Wanted): TensorData['data'] => {
  const { datatype, dtype } = wanted
  const type = numbers[datatype]
  const bad = (at: number, words: string) => refuse(wanted, `got ${shown(values[at])} at position ${at}; ${words}`)
  if (dtype === 'string') {
    if (datatype !== 'BYTES') mismatch(wanted)
    return values.map((value, at) => (typeof value === 'string' ? value : bad(at, 'BYTES in JSON are texts')))
  }
  if (dtype === 'bool') {
    if (datatype !== 'BOOL') mismatch(wanted)
    return Uint8Array.from(values, (value, at) =>
      typeof value === 'boolean' ? Number(value) : bad(at, 'BOOL is true or false'),
    )
  }
  if (type === undefined) return mismatch(wanted)
  const data = new makers[dtype](values.length)
  values.forEach((value, at) => {
    if (typeof value !== 'number' || !type.takes(value)) bad(at, `${datatype} takes ${type.words}`)
    const number = datatype === 'FP32' ? Math.fround(value as number) : (value as number)
    if (!holds[dtype](number)) notHeld(wanted, number, at)
    data[at] = number
  })
  return data
}

/** Little-endian values into data of `dtype`. */
export const fromBytes = (bytes: Uint8Array, wanted: Wanted): TensorData['data'] => {
  const { datatype, dtype } = wanted
  if (dtype === 'string') {
    if (datatype !== 'BYTES') mismatch(wanted)
    return fromByteStrings(bytes, wanted.param).map((element, at) => decodeUtf8(element, wanted, at))
  }
  if (dtype === 'bool') {
    if (datatype !== 'BOOL') mismatch(wanted)
    return Uint8Array.from(bytes, (byte) => Number(byte !== 0))
  }
  const type = numbers[datatype]
  if (type === undefined) return mismatch(wanted)
  const count = bytes.byteLength / type.size
  const data = new makers[dtype](count)
  if (datatype === datatypes[dtype]) {
    // The same layout on both sides: every machine that Node runs on is little-endian.
    new Uint8Array(data.buffer).set(bytes)
    return data
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < count; at++) {
    const number = type.read(view, at * type.size)
    if (!holds[dtype](number)) notHeld(wanted, number, at)
    data[at] = number
  }
  return data
}

/** Elements of a BYTES tensor: each a length of four bytes, little-endian, and as many bytes. */
export const fromByteStrings = (bytes: Uint8Array, param: string): Uint8Array[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elements: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const left = bytes.byteLength - at - 4
    const length = left < 0 ? -1 : view.getUint32(at, true)
    if (left < 0 || length > left) {
      throw new InvalidInputError(
        `${param}: element ${elements.length} of BYTES says ${left < 0 ? 'no length' : `${length} bytes`}; ${Math.max(0, left)} are left.`,
        { param },
      )
    }
    elements.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return elements
}

export const toByteStrings = (texts: readonly string[]): Uint8Array =>
  Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )

const utf8 = new TextDecoder('utf-8', { fatal: true })
const decodeUtf8 = (bytes: Uint8Array, wanted: Wanted, at: number): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    return refuse(wanted, `element ${at} is not UTF-8 text`)
  }
}

const mismatch = (wanted: Wanted): never =>
  refuse(wanted, `got the datatype ${wanted.datatype}; this input takes ${datatypes[wanted.dtype]}`)

const notHeld = (wanted: Wanted, value: number, at: number): never =>
  refuse(
    wanted,
    `got ${value} at position ${at} as ${wanted.datatype}; this input is ${datatypes[wanted.dtype]}, which does not hold it exactly. Send ${datatypes[wanted.dtype]}`,
  )
