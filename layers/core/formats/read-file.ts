/** Reads a model file of any known format, told apart by its content, with the extension only as a hint in errors. */
import { open, readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import { limits } from '../contract/index.ts'
import { InvalidInputError, messageOf, NotFoundError, TooLargeError } from '../errors.ts'
import { type ConvertedModel, readKerasArchive, readKerasH5 } from './keras/index.ts'
import { decodeLayersJson, parseLayersJson } from './layers-json.ts'
import type { ModelArtifact } from './types.ts'

/** The artifact alone; see `readModel`. */
export const readModelFile = async (
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ModelArtifact> => (await readModel(path, options)).artifact

/**
 * Keras `.h5` and `.keras`, TF.js `model.json` with its weight files beside it.
 * NotFoundError, TooLargeError above `limits.modelBytes`, InvalidInputError for a damaged file, UnsupportedError for a model that
 * cannot be converted exactly.
 */
export const readModel = async (
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ConvertedModel> => {
  await checkSize(path)
  const start = await firstBytes(path)
  const named = { name: path, ...options }
  if (matches(start, HDF5)) return readKerasH5(path, named)
  if (matches(start, ZIP)) return readKerasArchive(await readFile(path), named)
  if (matches(start, JSON_OBJECT)) return readLayersModel(path)
  throw new InvalidInputError(
    `${path} is no model file that can be read; known: Keras .h5 and .keras, TF.js model.json (it starts with ${Buffer.from(start).toString('hex')})`,
    { param: path },
  )
}

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
const ZIP = [0x50, 0x4b, 0x03, 0x04]
const JSON_OBJECT = [0x7b]

const matches = (start: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => start[i] === byte)

const checkSize = async (path: string): Promise<void> => {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${path} does not exist`, { cause, param: path })
    throw new InvalidInputError(`${path} cannot be read: ${cause.message}`, { cause, param: path })
  })
  if (!info.isFile()) throw new InvalidInputError(`${path} is not a file`, { param: path })
  if (info.size > limits.modelBytes) {
    throw new TooLargeError(`${path} has ${info.size} bytes, at most ${limits.modelBytes} are read`, { param: path })
  }
}

const firstBytes = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(8), 0, 8, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

const readLayersModel = async (path: string): Promise<ConvertedModel> => {
  const model = await readFile(path)
  const files = parseLayersJson(model).weightsManifest.flatMap(({ paths }) => paths)
  const weights: Uint8Array[] = []
  let total = 0
  for (const file of files) {
    const beside = normalize(file)
    if (isAbsolute(beside) || beside.startsWith('..')) {
      throw new InvalidInputError(`${path} names the weight file ${file}, which is not beside it`, { param: path })
    }
    const full = join(dirname(path), beside)
    await checkSize(full)
    const bytes = await readFile(full).catch((cause) => {
      throw new InvalidInputError(`${full} cannot be read: ${messageOf(cause)}`, { cause, param: full })
    })
    total += bytes.length
    if (total > limits.modelBytes) throw new TooLargeError(`the weights of ${path} are over ${limits.modelBytes} bytes`)
    weights.push(bytes)
  }
  const artifact = decodeLayersJson(model, Buffer.concat(weights, total))
  return { artifact, report: { source: 'TF.js layers model', layers: [], notes: [] } }
}
