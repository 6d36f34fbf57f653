/** Protocol buffers' wire format, as much of it as TensorFlow's graph files need: a writer of fields and a reader of fields. */
import { InvalidInputError } from './errors.ts'

const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

/** Collects the fields of one message; nested messages and byte arrays are referenced, not copied, until `bytes()`. */
export class MessageWriter {
  readonly #chunks: Uint8Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** An int32, int64, bool or enum field; negative numbers take ten bytes, as the format wants. */
  int(field: number, value: number | bigint): this {
    return this.#tag(field, varint).#push(encodeVarint(value))
  }

  float(field: number, value: number): this {
    return this.#tag(field, fixed32).#push(new Uint8Array(Float32Array.of(value).buffer))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, lengthDelimited).#push(encodeVarint(value.length)).#push(value)
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  /** Repeated integers in packed form. */
  packedInts(field: number, values: Iterable<number | bigint>): this {
    const packed = new MessageWriter()
    for (const value of values) packed.#push(encodeVarint(value))
    return this.message(field, packed)
  }

  message(field: number, nested: MessageWriter): this {
    this.#tag(field, lengthDelimited).#push(encodeVarint(nested.#length))
    for (const chunk of nested.#chunks) this.#push(chunk)
    return this
  }

  /** One entry of a `map<string, message>`. */
  entry(field: number, key: string, value: MessageWriter): this {
    return this.message(field, new MessageWriter().string(1, key).message(2, value))
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#length)
    let offset = 0
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset)
      offset += chunk.length
    }
    return whole
  }

  #tag(field: number, wireType: number): this {
    return this.#push(encodeVarint(field * 8 + wireType))
  }

  #push(chunk: Uint8Array): this {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    return this
  }
}

function encodeVarint(value: number | bigint): Uint8Array {
  if (typeof value === 'number' && value >= 0 && value < 128) return Uint8Array.of(value)
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

/** One field as read: an integer, or the bytes of a string, a nested message or a fixed-size number. */
export interface Field {
  readonly number: number
  readonly int: bigint
  readonly bytes: Uint8Array
}

const none = new Uint8Array()

/** Walks the fields of one message without copying. Throws InvalidInputError when the bytes end early or are no message. */
export function* readFields(message: Uint8Array): Generator<Field> {
  let offset = 0
  const readVarint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[offset++]
      if (byte === undefined) throw damaged()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asUintN(64, value)
    }
    throw damaged()
  }
  const take = (length: number): Uint8Array => {
    if (length > message.length - offset) throw damaged()
    offset += length
    return message.subarray(offset - length, offset)
  }
  while (offset < message.length) {
    const tag = Number(readVarint())
    const number = Math.floor(tag / 8)
    switch (tag % 8) {
      case varint:
        yield { number, int: readVarint(), bytes: none }
        break
      case lengthDelimited:
        yield { number, int: 0n, bytes: take(Number(readVarint())) }
        break
      case fixed32:
        yield { number, int: 0n, bytes: take(4) }
        break
      case fixed64:
        yield { number, int: 0n, bytes: take(8) }
        break
      default:
        throw damaged()
    }
  }
}

export const readString = (field: Field): string => new TextDecoder().decode(field.bytes)

const damaged = (): InvalidInputError =>
  new InvalidInputError('The graph file is damaged: its protocol buffer ends early or is none.')
