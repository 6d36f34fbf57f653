/** Named float arrays and a little text in one file, in the safetensors format: an 8-byte length, a JSON header, then the bytes. */
import * as z from 'zod'

export interface NamedArray {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

const entrySchema = z.object({
  dtype: z.literal('F32'),
  shape: z.array(z.number().int().min(0)),
  data_offsets: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
})
const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).default({}) }).catchall(entrySchema)

/** Names must be unique; order is kept. */
export const encodeTensors = (
  tensors: readonly NamedArray[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array => {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let size = 0
  for (const { name, shape, data } of tensors) {
    if (name in header) throw new Error(`two tensors are named ${name}`)
    header[name] = { dtype: 'F32', shape, data_offsets: [size, size + data.byteLength] }
    size += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + padded + size).fill(0x20, 8, 8 + padded)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(json, 8)
  let offset = 8 + padded
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset)
    offset += data.byteLength
  }
  return bytes
}

/** Throws when the file is cut short or says something else than its length. */
export const decodeTensors = (
  bytes: Uint8Array,
): { readonly tensors: NamedArray[]; readonly metadata: Record<string, string> } => {
  if (bytes.length < 8) throw new Error(`${bytes.length} bytes is too short`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (8 + length > bytes.length) throw new Error('cut short inside its header')
  const { __metadata__: metadata, ...entries } = headerSchema.parse(
    JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()),
  )
  const body = bytes.subarray(8 + length)
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const {
      shape,
      data_offsets: [from, to],
    } = entrySchema.parse(entry)
    const size = shape.reduce((product, dimension) => product * dimension, 4)
    if (to - from !== size || to > body.length) throw new Error(`cut short at ${name}`)
    return { name, shape, data: new Float32Array(new Uint8Array(body.subarray(from, to)).buffer) }
  })
  return { tensors, metadata }
}
