/** TensorFlow's checkpoint files: an index in LevelDB's table format, and the tensors' bytes in shards. */
import { sizeOf } from '../../contract/tensors.ts'
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { readFields } from '../../protobuf.ts'
import { maskedCrc32c } from './crc32c.ts'

export interface StoredTensor {
  /** Number of tensorflow.DataType. */
  readonly dtype: number
  readonly shape: readonly number[]
  /** Little-endian, its checksum checked. */
  readonly data: Uint8Array
}

export interface TensorBundle {
  /** InvalidInputError when there is no such tensor or it is damaged. */
  tensor(key: string): StoredTensor
}

/** Bytes of one element by number of tensorflow.DataType; strings and variants are not read. */
export const elementBytes: Readonly<Record<number, number>> = {
  1: 4,
  2: 8,
  3: 4,
  4: 1,
  5: 2,
  6: 1,
  9: 8,
  10: 1,
  14: 2,
  17: 2,
  19: 2,
  22: 4,
  23: 8,
}

const footerBytes = 48
const magic = 0xdb4775248b80fb57n

/** @param shard the content of shard `index` of `count`, undefined when it is missing */
export const openTensorBundle = (
  index: Uint8Array,
  shard: (index: number, count: number) => Uint8Array | undefined,
): TensorBundle => {
  const entries = readTable(index)
  const header = entries.get('')
  if (header === undefined) throw damaged('its index has no header')
  let shards = 0
  for (const { number, int } of readFields(header)) {
    if (number === 1) shards = Number(int)
    if (number === 2 && int !== 0n) throw new UnsupportedError('the variables are stored big-endian, which is not read')
  }
  return {
    tensor(key) {
      const entry = entries.get(key)
      if (key === '' || entry === undefined) throw damaged(`it has no tensor ${key}`)
      const { dtype, shape, shardId, offset, size, crc, sliced } = readTensorEntry(entry)
      if (sliced) throw new UnsupportedError(`variable ${key} is stored in slices, which are not read; save it whole`)
      const width = elementBytes[dtype]
      if (width === undefined) {
        throw new UnsupportedError(`variable ${key} has the TensorFlow type number ${dtype}, which is not read`)
      }
      if (sizeOf(shape) * width !== size) throw damaged(`${key} of shape [${shape}] cannot have ${size} bytes`)
      const bytes = shard(shardId, shards)
      if (bytes === undefined) throw damaged(`shard ${shardId} of ${shards} is missing`)
      if (offset + size > bytes.length) throw damaged(`shard ${shardId} is cut short`)
      const data = bytes.subarray(offset, offset + size)
      if (maskedCrc32c(data) !== crc) throw damaged(`the checksum of ${key} does not fit`)
      return { dtype, shape, data }
    },
  }
}

const readTensorEntry = (entry: Uint8Array) => {
  const read = { dtype: 0, shape: [] as number[], shardId: 0, offset: 0, size: 0, crc: 0, sliced: false }
  for (const { number, int, bytes } of readFields(entry)) {
    if (number === 1) read.dtype = Number(int)
    if (number === 2) {
      for (const dimension of readFields(bytes)) {
        if (dimension.number !== 2) throw damaged('a variable has a shape of unknown rank')
        const [size] = [...readFields(dimension.bytes)].filter((part) => part.number === 1)
        read.shape.push(Number(size?.int ?? 0n))
      }
    }
    if (number === 3) read.shardId = Number(int)
    if (number === 4) read.offset = Number(int)
    if (number === 5) read.size = Number(int)
    if (number === 6) read.crc = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
    if (number === 7) read.sliced = true
  }
  return read
}

/** All keys and values of a table. */
const readTable = (file: Uint8Array): Map<string, Uint8Array> => {
  if (file.length < footerBytes) throw damaged('its index is cut short')
  const footer = file.subarray(file.length - footerBytes)
  const view = new DataView(footer.buffer, footer.byteOffset, footerBytes)
  if (view.getBigUint64(footerBytes - 8, true) !== magic) throw damaged('its index is none, or cut short')
  const handles = new Cursor(footer)
  handles.blockHandle()
  const index = readBlock(file, handles.blockHandle())
  const entries = new Map<string, Uint8Array>()
  for (const [, handle] of blockEntries(index)) {
    for (const [key, value] of blockEntries(readBlock(file, new Cursor(handle).blockHandle()))) entries.set(key, value)
  }
  return entries
}

const readBlock = (file: Uint8Array, { offset, size }: { offset: number; size: number }): Uint8Array => {
  if (offset + size + 5 > file.length) throw damaged('a block of its index lies beyond the end')
  const whole = file.subarray(offset, offset + size + 1)
  const view = new DataView(file.buffer, file.byteOffset + offset + size, 5)
  if (maskedCrc32c(whole) !== view.getUint32(1, true)) throw damaged('a checksum of its index does not fit')
  if (view.getUint8(0) !== 0) throw new UnsupportedError('the index of the variables is compressed, which is not read')
  return whole.subarray(0, size)
}

function* blockEntries(block: Uint8Array): Generator<[key: string, value: Uint8Array]> {
  if (block.length < 4) throw damaged('a block of its index is cut short')
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4).getUint32(0, true)
  const end = block.length - 4 * (restarts + 1)
  if (end < 0) throw damaged('a block of its index is cut short')
  const cursor = new Cursor(block.subarray(0, end))
  let key: Uint8Array = new Uint8Array()
  while (!cursor.done) {
    const shared = cursor.varint()
    const own = cursor.varint()
    const length = cursor.varint()
    if (shared > key.length) throw damaged('a key of its index is damaged')
    key = Buffer.concat([key.subarray(0, shared), cursor.take(own)])
    yield [Buffer.from(key).toString('utf8'), cursor.take(length)]
  }
}

class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) break
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw damaged('a number of its index is damaged')
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw damaged('an entry of its index is cut short')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  blockHandle(): { offset: number; size: number } {
    return { offset: this.varint(), size: this.varint() }
  }
}

const damaged = (problem: string): InvalidInputError =>
  new InvalidInputError(`the checkpoint in variables/ is damaged: ${problem}`)
