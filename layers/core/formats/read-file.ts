/** Reads a model of any known format, told apart by its content, with the name only as a hint in errors. */
import { open, readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { limits } from '../contract/index.ts'
import { InvalidInputError, NotFoundError, TooLargeError } from '../errors.ts'
import {
  type ConversionReport,
  type ConvertedModel,
  type KerasReadOptions,
  readKerasArchive,
  readKerasH5,
  readKerasWeights,
} from './keras/index.ts'
import { decodeLayersJson } from './layers-json.ts'
import { type FilesReadOptions, type ReadFiles, readModelArchive, readModelFolder } from './sandbox/read.ts'
import type { ModelArtifact, ServableArtifact } from './types.ts'
import { isGraph, requireLayers } from './version-files.ts'

/** A model, and what became of it on the way in. */
export interface ReadModel {
  readonly artifact: ServableArtifact
  readonly report: ConversionReport
  /** Of text models: what turns strings into the model's numbers. */
  readonly preprocess?: NonNullable<ConvertedModel['preprocess']>
  readonly optimizer?: NonNullable<ConvertedModel['optimizer']>
}

export interface ModelReadOptions
  extends FilesReadOptions,
    Pick<KerasReadOptions, 'custom' | 'optimizer' | 'readHdf5'> {
  /** Path of the topology, as `model.to_json()` writes it, for a file that holds weights alone. */
  readonly topology?: string
}

/** The layers alone; UnsupportedError for a model that is a graph. See `readModel`. */
export const readModelFile = async (path: string, options: ModelReadOptions = {}): Promise<ModelArtifact> =>
  requireLayers((await readModel(path, options)).artifact, 'used as layers here')

/**
 * Keras `.h5` and `.keras`, and `.weights.h5` with a topology; TF.js layers and graph models and TensorFlow SavedModels as a folder, zip, tar or tar.gz, or a
 * `model.json` with its weights beside it. Everything is parsed in a process of its own.
 * NotFoundError, TooLargeError above `limits.modelBytes`, InvalidInputError for a damaged file, UnsupportedError for a model that
 * cannot be converted exactly or whose graph has operations that are not allowed.
 */
export const readModel = async (path: string, options: ModelReadOptions = {}): Promise<ReadModel> => {
  if (await isFolder(path)) return converted(path, await readModelFolder(path, options), options)
  if (basename(path) === 'saved_model.pb')
    return converted(path, await readModelFolder(dirname(path), options), options)
  const start = await firstBytes(path)
  const { topology, ...rest } = options
  if (topology !== undefined) {
    if (matches(start, HDF5)) return readKerasWeights(path, await readTopology(topology), { name: path, ...rest })
    throw new InvalidInputError(`${path} holds no weights of Keras; a topology goes with .weights.h5`, { param: path })
  }
  if (matches(start, HDF5)) return readKerasH5(path, { name: path, ...options })
  if (matches(start, JSON_OBJECT)) return converted(path, await readModelFolder(path, options), options)
  if (matches(start, ZIP) || matches(start, GZIP) || start.subarray(257, 262).toString('latin1') === 'ustar') {
    return converted(path, await readModelArchive(path, options), options)
  }
  throw new InvalidInputError(
    `${path} is no model file that can be read; known: Keras .h5 and .keras, TF.js model.json, SavedModel as folder, .zip or .tar.gz (it starts with ${start.toString('hex', 0, 8)})`,
    { param: path },
  )
}

const converted = async (name: string, { answer, parts }: ReadFiles, options: ModelReadOptions): Promise<ReadModel> => {
  // Its bounds and checksums hold; its entries are few and known by name.
  if (answer.kind === 'keras') return readKerasArchive(await readFile(name), { name, ...options })
  const [first = new Uint8Array(), second = new Uint8Array()] = parts
  const { source, notes } = answer
  const artifact = answer.kind === 'graph' ? { graph: first } : decodeLayersJson(first, second)
  const large = isGraph(artifact) ? undefined : artifact.weights.find(({ data }) => data.length > limits.tensorBytes)
  if (large) {
    throw new TooLargeError(
      `weight ${large.name} has ${large.data.length} bytes, one may have at most ${limits.tensorBytes}`,
      { param: name },
    )
  }
  return { artifact, report: { source, layers: [], notes } }
}

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
const ZIP = [0x50, 0x4b, 0x03, 0x04]
const GZIP = [0x1f, 0x8b]
const JSON_OBJECT = [0x7b]

const matches = (start: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => start[i] === byte)

/** Also checks that it is a file of an allowed size, if it is none. */
const isFolder = async (path: string): Promise<boolean> => {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${path} does not exist`, { cause, param: path })
    throw new InvalidInputError(`${path} cannot be read: ${cause.message}`, { cause, param: path })
  })
  if (info.isDirectory()) return true
  if (!info.isFile()) throw new InvalidInputError(`${path} is neither a file nor a folder`, { param: path })
  if (info.size > limits.modelBytes) {
    throw new TooLargeError(`${path} has ${info.size} bytes, at most ${limits.modelBytes} are read`, { param: path })
  }
  return false
}

const readTopology = async (path: string): Promise<string> => {
  const { size } = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new NotFoundError(`${path} cannot be read: ${cause.message}`, { cause, param: path })
  })
  if (size > limits.topologyBytes) {
    throw new TooLargeError(`${path} has ${size} bytes, a topology at most ${limits.topologyBytes}`, { param: path })
  }
  return readFile(path, 'utf8')
}

/** As many as it takes to know a tar. */
const firstBytes = async (path: string): Promise<Buffer> => {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(262), 0, 262, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
