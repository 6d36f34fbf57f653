/** Takes the reading process's output apart as it arrives, checking every size before memory is set aside for it. */
import * as z from 'zod'
import { sizeOf } from '../../contract/index.ts'
import { type Hdf5Dataset, type Hdf5Element, type Hdf5Group, type Hdf5Value, hdf5Elements } from './types.ts'

/** Bytes of one element as stored. */
const elementBytes: Record<Hdf5Element, number> = {
  float16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  opaque16: 2,
  string: 0,
}

const MAX_JSON_BYTES = 256 * 1024 * 1024

const valueSchema: z.ZodType<Hdf5Value> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(valueSchema)]),
)
const attributesSchema = z.array(z.tuple([z.string(), valueSchema]))
const datasetSchema = z.object({
  shape: z.array(z.number().int().min(0)).max(32),
  element: z.enum(hdf5Elements),
  /** Where its bytes begin, counted from the end of the header. */
  offset: z.number().int().min(0),
  attributes: attributesSchema,
})
type DatasetHeader = z.infer<typeof datasetSchema>
interface GroupHeader {
  attributes: [string, Hdf5Value][]
  groups: [string, GroupHeader][]
  datasets: [string, DatasetHeader][]
}
const groupSchema: z.ZodType<GroupHeader> = z.lazy(() =>
  z.object({
    attributes: attributesSchema,
    groups: z.array(z.tuple([z.string(), groupSchema])),
    datasets: z.array(z.tuple([z.string(), datasetSchema])),
  }),
)
const headerSchema = z.union([z.object({ root: groupSchema }), z.object({ refused: z.string() })])

const bytesOf = ({ shape, element }: DatasetHeader): number => sizeOf(shape) * elementBytes[element]

const totalOf = ({ groups, datasets }: GroupHeader): number =>
  datasets.reduce((sum, [, dataset]) => sum + bytesOf(dataset), 0) +
  groups.reduce((sum, [, group]) => sum + totalOf(group), 0)

/** Views into `body`, which is filled as the bytes arrive. */
const groupOver = (header: GroupHeader, body: Uint8Array): Hdf5Group => ({
  attributes: new Map(header.attributes),
  groups: new Map(header.groups.map(([name, group]) => [name, groupOver(group, body)])),
  datasets: new Map(header.datasets.map(([name, dataset]) => [name, datasetOver(dataset, body)])),
})

const datasetOver = (header: DatasetHeader, body: Uint8Array): Hdf5Dataset => {
  const end = header.offset + bytesOf(header)
  if (end > body.length) throw new Error('its reader announced data beyond the end')
  const { shape, element } = header
  return { shape, element, data: body.subarray(header.offset, end), attributes: new Map(header.attributes) }
}

export class FrameReader {
  /** Why the file was turned down, when it was. */
  refused: string | undefined
  readonly #maxBytes: number
  #head: Uint8Array = new Uint8Array(0)
  #root: Hdf5Group | undefined
  #body: Uint8Array = new Uint8Array(0)
  #filled = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): void {
    const rest = this.#root ? chunk : this.#pushHead(chunk)
    if (this.#filled + rest.length > this.#body.length) throw new Error('its reader sent more than it announced')
    this.#body.set(rest, this.#filled)
    this.#filled += rest.length
  }

  finish(): Hdf5Group {
    if (!this.#root || this.#filled < this.#body.length) throw new Error('its reader stopped half-way')
    return this.#root
  }

  /** Returns what follows the header. */
  #pushHead(chunk: Uint8Array): Uint8Array {
    this.#head = Buffer.concat([this.#head, chunk])
    if (this.#head.length < 4) return chunk.subarray(0, 0)
    const length = new DataView(this.#head.buffer, this.#head.byteOffset).getUint32(0, true)
    if (length > MAX_JSON_BYTES)
      throw new Error(`it describes itself in ${length} bytes, at most ${MAX_JSON_BYTES} are read`)
    if (this.#head.length < 4 + length) return chunk.subarray(0, 0)
    const header = headerSchema.parse(JSON.parse(Buffer.from(this.#head.subarray(4, 4 + length)).toString()))
    if ('refused' in header) {
      this.refused = header.refused
      return chunk.subarray(0, 0)
    }
    this.#root = this.#reserve(header.root)
    return this.#head.subarray(4 + length)
  }

  #reserve(root: GroupHeader): Hdf5Group {
    const total = totalOf(root)
    if (!(total <= this.#maxBytes)) throw new Error(`it declares ${total} bytes, at most ${this.#maxBytes} are allowed`)
    this.#body = new Uint8Array(total)
    return groupOver(root, this.#body)
  }
}
