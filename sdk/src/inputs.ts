/** Tells apart what a caller gave: tensors, nested lists, images or table rows, with images read from disk. */
import type { Signature } from './contract.ts'
import { BadRequestError, NotFoundError } from './errors.ts'
import type { ImageSource, Nested, PredictInput, TableRow, Tensor } from './types.ts'

export type Input =
  | { readonly kind: 'tensors'; readonly tensors: Readonly<Record<string, Tensor>> }
  | { readonly kind: 'lists'; readonly lists: Readonly<Record<string, readonly Nested[]>> }
  | { readonly kind: 'images'; readonly images: readonly Uint8Array[] }
  | { readonly kind: 'rows'; readonly rows: readonly TableRow[] }

/** BadRequestError says what was got and what a model takes. */
export const readInput = async (given: PredictInput, signature: Signature): Promise<Input> => {
  if (isTensor(given)) return { kind: 'tensors', tensors: { [onlyInput(signature)]: checkedTensor(given, 'input') } }
  if (isImage(given)) return { kind: 'images', images: [await imageBytes(given)] }
  if (Array.isArray(given)) return readList(given, signature)
  if (ArrayBuffer.isView(given)) {
    throw invalid(`got a ${given.constructor.name} without its shape; give { data, shape }, the batch first`)
  }
  if (typeof given === 'object' && given !== null) return readNamed(given as Record<string, unknown>)
  throw invalid(`got ${given === null ? 'null' : typeof given}; ${ALLOWED}`)
}

const ALLOWED =
  'give { data, shape }, nested lists, images (bytes, a Blob, or paths), table rows, or any of the first two by input name'

const readList = async (list: readonly unknown[], signature: Signature): Promise<Input> => {
  const [first] = list
  if (first === undefined) throw invalid('got an empty list; give at least one example')
  const takesText = signature.inputs[0]?.dtype === 'string'
  if (isImage(first) && !(takesText && typeof first === 'string')) {
    const other = list.findIndex((item) => !isImage(item))
    if (other !== -1) throw invalid(`example ${other} is no image, the first is; give images only`)
    return { kind: 'images', images: await Promise.all((list as readonly ImageSource[]).map(imageBytes)) }
  }
  if (ArrayBuffer.isView(first)) {
    const lists = (list as readonly Float32Array[]).map((row) => Array.from(row))
    return { kind: 'lists', lists: { [onlyInput(signature)]: lists } }
  }
  if (typeof first === 'object' && first !== null && !Array.isArray(first)) {
    return { kind: 'rows', rows: list as readonly TableRow[] }
  }
  return { kind: 'lists', lists: { [onlyInput(signature)]: list as readonly Nested[] } }
}

const readNamed = (given: Readonly<Record<string, unknown>>): Input => {
  const entries = Object.entries(given)
  if (entries.length > 0 && entries.every(([, value]) => isTensor(value))) {
    const tensors = entries.map(([name, tensor]) => [name, checkedTensor(tensor as Tensor, name)])
    return { kind: 'tensors', tensors: Object.fromEntries(tensors) }
  }
  if (entries.length > 0 && entries.every(([, value]) => Array.isArray(value))) {
    return { kind: 'lists', lists: given as Readonly<Record<string, readonly Nested[]>> }
  }
  throw invalid(`got an object with ${Object.keys(given).slice(0, 5).join(', ') || 'nothing in it'}; ${ALLOWED}`)
}

const onlyInput = ({ inputs }: Signature): string => {
  const [first, ...others] = inputs
  if (first && others.length === 0) return first.name
  throw invalid(
    `this model takes ${inputs.length} inputs; give an object with ${inputs.map(({ name }) => name).join(', ')}`,
  )
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'data' in value && 'shape' in value && ArrayBuffer.isView(value.data)

const checkedTensor = (tensor: Tensor, name: string): Tensor => {
  const size = tensor.shape.reduce((product, dimension) => product * dimension, 1)
  if (
    tensor.shape.length > 0 &&
    tensor.shape.every((one) => Number.isInteger(one) && one >= 0) &&
    size === tensor.data.length
  ) {
    return tensor
  }
  throw invalid(`${name}: got ${tensor.data.length} numbers for the shape [${tensor.shape}], which holds ${size}`)
}

const isImage = (value: unknown): value is ImageSource =>
  typeof value === 'string' || value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof Blob

/** Only its content decides what kind of image it is. */
export const imageType = (bytes: Uint8Array): 'image/jpeg' | 'image/png' | 'image/webp' | undefined => {
  const starts = (at: number, magic: readonly number[]) => magic.every((byte, i) => bytes[at + i] === byte)
  if (starts(0, [0xff, 0xd8, 0xff])) return 'image/jpeg'
  if (starts(0, [0x89, 0x50, 0x4e, 0x47])) return 'image/png'
  if (starts(0, [0x52, 0x49, 0x46, 0x46]) && starts(8, [0x57, 0x45, 0x42, 0x50])) return 'image/webp'
  return undefined
}

const imageBytes = async (source: ImageSource): Promise<Uint8Array> => {
  const bytes =
    typeof source === 'string'
      ? await readImage(source)
      : source instanceof ArrayBuffer
        ? new Uint8Array(source)
        : source instanceof Blob
          ? new Uint8Array(await source.arrayBuffer())
          : source
  if (imageType(bytes)) return bytes
  const what = typeof source === 'string' ? source : `${bytes.length} bytes`
  throw invalid(`${what}: no JPEG, PNG or WebP; numbers are given as { data, shape } or nested lists`)
}

const readImage = async (path: string): Promise<Uint8Array> => {
  // Not imported: bundles for browsers must not ask for files.
  const files = globalThis.process?.getBuiltinModule?.('node:fs/promises')
  if (files === undefined) {
    throw invalid(`${path}: there are no files to read here; give the image's bytes, a Blob or a File`)
  }
  return files.readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${path} does not exist`, { cause, param: path, status: 404 })
    throw invalid(`${path} cannot be read: ${cause.message}`)
  })
}

const invalid = (message: string): BadRequestError =>
  new BadRequestError(message, { status: 400, code: 'invalid_input', param: 'input' })
