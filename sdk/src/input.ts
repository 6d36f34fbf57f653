/** What callers hand to `predict` and `classify`, turned into the rows of a TensorFlow Serving request. */
import { BadRequestError } from './errors.ts'

/** Values of one example: a number, or nested lists of numbers, or columns of a table by name. */
export type Row = number | boolean | string | readonly Row[] | { readonly [column: string]: unknown }

/** A batch as one flat array and its shape, batch first: no nested lists have to be built. */
export interface TensorLike {
  readonly data: Float32Array | Int32Array | Uint8Array
  readonly shape: readonly number[]
}

/** An image file: its bytes, or its path. */
export type ImageFile = Uint8Array | string

export type Images = ImageFile | readonly ImageFile[]

/** Anything that can be predicted from. A list is a batch, whatever it is a list of. */
export type Input = readonly Row[] | TensorLike | Images

export const isTensorLike = (input: unknown): input is TensorLike =>
  typeof input === 'object' && input !== null && 'data' in input && 'shape' in input && ArrayBuffer.isView(input.data)

const isImageFile = (value: unknown): value is ImageFile => typeof value === 'string' || value instanceof Uint8Array

export const isImages = (input: unknown): input is Images =>
  isImageFile(input) || (Array.isArray(input) && input.length > 0 && input.every(isImageFile))

/** Bytes of every image, read from disk where a path was given. */
export const readImages = async (images: Images): Promise<Uint8Array[]> => {
  const list: readonly ImageFile[] = isImageFile(images) ? [images] : images
  return Promise.all(
    list.map(async (image) => {
      if (typeof image !== 'string') return image
      const { readFile } = await import('node:fs/promises')
      return readFile(image).catch((cause: Error) => {
        throw new BadRequestError(`${image} cannot be read: ${cause.message}`, { cause })
      })
    }),
  )
}

/** By the first bytes; the service looks again. */
export const imageType = (bytes: Uint8Array): string => {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return 'image/png'
  return bytes[0] === 0x52 && bytes[8] === 0x57 ? 'image/webp' : 'image/jpeg'
}

const toBase64 = (bytes: Uint8Array): string => {
  if (typeof Buffer !== 'undefined')
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

const nest = (data: TensorLike['data'], shape: readonly number[], offset: number): unknown[] => {
  const [length = 0, ...rest] = shape
  if (rest.length === 0) return Array.from(data.subarray(offset, offset + length))
  const step = rest.reduce((product, size) => product * size, 1)
  return Array.from({ length }, (_, i) => nest(data, rest, offset + i * step))
}

export const checkTensor = ({ data, shape }: TensorLike): void => {
  const size = shape.reduce((product, length) => product * length, 1)
  if (size === data.length && shape.length > 0) return
  throw new BadRequestError(`The tensor has ${data.length} values, but its shape [${shape.join(', ')}] means ${size}.`)
}

/** One entry per example. */
export const toInstances = async (input: Input): Promise<unknown[]> => {
  if (isImages(input)) return (await readImages(input)).map((bytes) => ({ b64: toBase64(bytes) }))
  if (isTensorLike(input)) {
    checkTensor(input)
    return nest(input.data, input.shape, 0)
  }
  if (Array.isArray(input)) return input.map((row) => (ArrayBuffer.isView(row) ? Array.from(row as Float32Array) : row))
  throw new BadRequestError('Give a list with one entry per example, { data, shape }, or images as bytes or paths.')
}
