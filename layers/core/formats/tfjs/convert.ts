/** A TF.js graph model's files to one graph file, as for a SavedModel. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import type { ModelFiles } from '../container/types.ts'
import { type BuiltGraph, buildGraph } from '../savedmodel/build.ts'
import type { RawSignature, TensorInfo } from '../savedmodel/meta-graph.ts'
import { dtypeNumber, graphFromJson, shapeOf } from './graph-json.ts'
import { withPlainOperations } from './plain-operations.ts'
import { decodeWeights, type WeightSpec } from './weights.ts'

export interface GraphModelJson {
  readonly modelTopology: unknown
  readonly signature?: unknown
  readonly userDefinedMetadata?: unknown
  readonly initializerSignature?: unknown
  readonly modelInitializer?: unknown
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly WeightSpec[] }[]
}

/** InvalidInputError for damaged files, UnsupportedError for a graph that is not allowed or not served. */
export const convertGraphModel = (json: GraphModelJson, files: ModelFiles): BuiltGraph => {
  if (json.modelInitializer !== undefined) {
    throw new UnsupportedError(
      'the graph fills tables when it is loaded, in a form of TF.js that is not read; bring the SavedModel that it was made from',
    )
  }
  const weights = json.weightsManifest.flatMap(({ paths, weights: specs }) =>
    decodeWeights(specs, shards(paths, files)),
  )
  const byName = new Map(weights.map((weight) => [weight.name, weight]))
  if (byName.size !== weights.length) throw new InvalidInputError('a weight is listed twice in model.json')
  const quantized = new Set(
    json.weightsManifest
      .flatMap((group) => group.weights)
      .flatMap(({ quantization }) => (quantization ? [String(quantization.dtype)] : [])),
  )
  const graph = withPlainOperations(graphFromJson(json.modelTopology, byName))
  const built = buildGraph({
    graph,
    initOps: [],
    signature: signatureFrom(
      json.signature ?? (json.userDefinedMetadata as { signature?: unknown } | undefined)?.signature,
    ),
    variable: ({ name }) => {
      throw new UnsupportedError(`the graph has a variable ${name}, which TF.js graph models cannot hold`)
    },
  })
  const notes = [...quantized].map(
    (dtype) => `weights were stored as ${dtype}; they are decoded to float32 as TF.js does it`,
  )
  return { ...built, notes: [...notes, ...built.notes] }
}

/** The shards of one group, concatenated. */
export const shards = (paths: readonly string[], files: ModelFiles): Uint8Array => {
  const parts = paths.map((path) => {
    const part = files.get(path)
    if (part === undefined)
      throw new InvalidInputError(`the weight file ${path}, which model.json names, is not beside it`)
    return part
  })
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
}

const signatureFrom = (json: unknown): RawSignature => {
  const { inputs, outputs } = (json ?? {}) as { inputs?: Record<string, unknown>; outputs?: Record<string, unknown> }
  const infos = (all: Record<string, unknown> | undefined): TensorInfo[] =>
    Object.entries(all ?? {})
      .map(([name, info]) => infoFrom(name, info as Record<string, unknown>))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  const signature = { inputs: infos(inputs), outputs: infos(outputs) }
  if (signature.inputs.length > 0 && signature.outputs.length > 0) return signature
  throw new UnsupportedError(
    'model.json has no signature, so that the names and types of inputs and outputs are not known; convert the model again with tensorflowjs 2 or newer',
  )
}

const infoFrom = (name: string, info: Readonly<Record<string, unknown>> | null): TensorInfo => {
  if (typeof info?.name !== 'string')
    throw new InvalidInputError(`model.json: ${name} of the signature names no tensor`)
  const shape = info.tensorShape === undefined ? undefined : shapeOf(info.tensorShape)
  return { name, tensor: info.name.includes(':') ? info.name : `${info.name}:0`, dtype: dtypeNumber(info.dtype), shape }
}
