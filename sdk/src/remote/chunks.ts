/** Cuts a batch into request bodies that stay under the service's limits on bytes and rows. */
import type { Signature } from '../contract.ts'
import { BadRequestError } from '../errors.ts'
import { type Input, imageType } from '../inputs.ts'
import { toNested } from '../nested.ts'
import type { Nested, Tensor } from '../types.ts'
import type { Request } from './http.ts'

/** Made when it is sent, so that one body at a time is in memory per request under way. */
export type Chunk = () => Pick<Request, 'json' | 'bytes'>

/** Below the 6 MB which the service (and Lambda) takes, with room for the gateway's own base64. */
const MAX_BYTES = 4 * 1024 * 1024
const MAX_ROWS = 1024
/** A float32 in JSON is at most this long with its comma; most are shorter. */
const NUMBER_BYTES = 13

export const chunksOf = (input: Input, field: string, signature: Signature): Chunk[] => {
  switch (input.kind) {
    case 'images':
      return imageChunks(input.images, field)
    case 'rows':
      return slices(input.rows.length, MAX_ROWS, (from, to) => body(field, input.rows.slice(from, to)))
    case 'lists': {
      const rows = rowsOf(input.lists, signature)
      const perRow = Math.max(1, JSON.stringify(rows(0, 1)).length)
      const count = countOf(Object.entries(input.lists).map(([name, list]) => [name, list.length]))
      return slices(count, MAX_BYTES / perRow, (from, to) => body(field, rows(from, to)))
    }
    case 'tensors': {
      const entries = Object.entries(input.tensors)
      const count = countOf(entries.map(([name, { shape }]) => [name, shape[0] ?? 0]))
      const perRow = entries.reduce((sum, [, { data }]) => sum + (data.length / count) * NUMBER_BYTES, 0)
      const bare = signature.inputs.length === 1
      return slices(count, MAX_BYTES / perRow, (from, to) => body(field, tensorRows(entries, from, to, bare)))
    }
  }
}

const body = (field: string, rows: readonly unknown[]): Pick<Request, 'json'> => ({
  json: JSON.stringify({ [field]: rows }),
})

const slices = (
  count: number,
  perChunk: number,
  make: (from: number, to: number) => Pick<Request, 'json'>,
): Chunk[] => {
  const size = Math.max(1, Math.min(MAX_ROWS, Math.floor(perChunk)))
  return Array.from(
    { length: Math.ceil(count / size) },
    (_, i) => () => make(i * size, Math.min(count, (i + 1) * size)),
  )
}

const countOf = (counts: readonly (readonly [string, number])[]): number => {
  const [first, ...others] = counts
  const other = others.find(([, count]) => count !== first?.[1])
  if (first && other) {
    throw new BadRequestError(
      `${other[0]} has ${other[1]} examples, ${first[0]} has ${first[1]}; all inputs need as many`,
      { status: 400 },
    )
  }
  if (!first?.[1]) throw new BadRequestError('got an empty batch; give at least one example', { status: 400 })
  return first[1]
}

/** A single input needs no name around its rows. */
const rowsOf = (lists: Readonly<Record<string, readonly Nested[]>>, { inputs }: Signature) => {
  const names = Object.keys(lists)
  const [only] = names
  const bare = inputs.length === 1 && names.length === 1 && only === inputs[0]?.name
  return (from: number, to: number): unknown[] =>
    bare && only !== undefined
      ? (lists[only] ?? []).slice(from, to)
      : Array.from({ length: to - from }, (_, i) =>
          Object.fromEntries(names.map((name) => [name, lists[name]?.[from + i]])),
        )
}

const tensorRows = (
  entries: readonly (readonly [string, Tensor])[],
  from: number,
  to: number,
  bare: boolean,
): unknown[] => {
  const columns = entries.map(([name, tensor]) => [name, toNested(tensor, from, to, true)] as const)
  const [only] = columns
  if (bare && only && columns.length === 1) return only[1]
  return Array.from({ length: to - from }, (_, i) => Object.fromEntries(columns.map(([name, rows]) => [name, rows[i]])))
}

/** One image goes as it is; several as base64, four bytes for three. */
const imageChunks = (images: readonly Uint8Array[], field: string): Chunk[] => {
  const chunks: Uint8Array[][] = []
  let bytes = 0
  for (const image of images) {
    const size = image.length * (4 / 3) + 12
    const last = chunks.at(-1)
    if (last && bytes + size <= MAX_BYTES && last.length < MAX_ROWS) {
      last.push(image)
      bytes += size
    } else {
      chunks.push([image])
      bytes = size
    }
  }
  return chunks.map((chunk) => () => {
    const [only] = chunk
    if (only && chunk.length === 1)
      return { bytes: { type: imageType(only) ?? 'application/octet-stream', body: only } }
    return body(
      field,
      chunk.map((image) => ({ b64: base64(image) })),
    )
  })
}

/** In pieces that fit a call's arguments; Buffer, which is faster, is Node's alone. */
const base64 = (bytes: Uint8Array): string => {
  const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer }
  if (Buffer !== undefined) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
