/** The TF.js layers-model format: `model.json` with topology, training configuration and weight specs, and all weights in one binary. */
import * as z from 'zod'
import { sizeOf } from '../contract/tensors.ts'
import { InvalidInputError, messageOf, UnsupportedError } from '../errors.ts'
import { decodeWeights } from './tfjs/weights.ts'
import type { ModelArtifact, WeightTensor } from './types.ts'

/** Bytes of one element, by dtype; the dtypes a stored weight may have. */
export const weightBytes = { float32: 4, int32: 4, bool: 1 } as const satisfies Record<WeightTensor['dtype'], number>

const record = z.record(z.string(), z.unknown())

const weightSpecSchema = z.object({
  name: z.string().min(1),
  shape: z.array(z.number().int().min(0)).max(16),
  dtype: z.string(),
  /** `optimizer` marks optimiser slots, which are no part of the model. */
  group: z.string().optional(),
  quantization: record.optional(),
})

const modelJsonSchema = z.object({
  format: z.enum(['layers-model', 'graph-model']).optional(),
  modelTopology: record,
  trainingConfig: record.nullish(),
  weightsManifest: z.array(z.object({ paths: z.array(z.string().min(1)), weights: z.array(weightSpecSchema) })),
  /** Of graph models: names, types and shapes of inputs and outputs. */
  signature: record.optional(),
  userDefinedMetadata: record.nullish(),
  modelInitializer: record.optional(),
})
export type ModelJson = z.infer<typeof modelJsonSchema>

/** As `parseModelJson`, of a layers model. */
export const parseLayersJson = (model: Uint8Array): ModelJson => {
  const json = parseModelJson(model)
  if (json.format !== 'graph-model') return json
  throw new InvalidInputError(
    'model.json.format: this is no layers model; a TF.js graph model cannot be trained or edited',
    {
      param: 'model.json.format',
    },
  )
}

/** Parses and checks `model.json`; InvalidInputError names the field at fault. */
export const parseModelJson = (model: Uint8Array): ModelJson => {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(model))
  } catch (cause) {
    throw new InvalidInputError(`model.json is not JSON: ${messageOf(cause)}`, { cause, param: 'model.json' })
  }
  const result = modelJsonSchema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const at = ['model.json', ...(issue?.path ?? [])].join('.')
  throw new InvalidInputError(`${at}: ${issue?.message}; expected a TF.js layers model`, { param: at })
}

/** Both files of a version: `model.json` as any TF.js program reads it, and the weights in the artifact's order. */
export const encodeLayersJson = (artifact: ModelArtifact): { model: Uint8Array; weights: Uint8Array } => ({
  model: modelJsonOf(artifact),
  weights: joinedWeights(artifact),
})

/** @param paths files that the joined weights are cut into, in order */
export const modelJsonOf = (artifact: ModelArtifact, paths: readonly string[] = ['weights.bin']): Uint8Array => {
  const json = {
    format: 'layers-model',
    generatedBy: 'maas',
    convertedBy: null,
    modelTopology: artifact.topology,
    ...(artifact.trainingConfig && { trainingConfig: artifact.trainingConfig }),
    weightsManifest: [{ paths, weights: artifact.weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }],
  }
  return new TextEncoder().encode(JSON.stringify(json))
}

/** All weights in order, where they lie. */
export const weightParts = ({ weights }: ModelArtifact): readonly Uint8Array[] => {
  for (const weight of weights) checkSize(weight)
  return weights.map(({ data }) => data)
}

/** All weights one after the other. */
export const joinedWeights = (artifact: ModelArtifact): Uint8Array => {
  const parts = weightParts(artifact)
  const weights = new Uint8Array(parts.reduce((total, { byteLength }) => total + byteLength, 0))
  let offset = 0
  for (const part of parts) {
    weights.set(part, offset)
    offset += part.byteLength
  }
  return weights
}

/**
 * The inverse of `encodeLayersJson`, for files of any TF.js program; several weight files come concatenated.
 * InvalidInputError when names repeat or the binary has not exactly the bytes that the specs ask for, UnsupportedError for
 * weights stored in a form not read here.
 */
export const decodeLayersJson = (model: Uint8Array, weights: Uint8Array): ModelArtifact => {
  const json = parseLayersJson(model)
  const specs = json.weightsManifest.flatMap((group) => group.weights)
  const slots = new Set(specs.filter(({ group }) => group === 'optimizer').map(({ name }) => name))
  const names = new Set<string>()
  for (const { name } of specs) {
    if (names.has(name)) throw new InvalidInputError(`weight ${name} is listed twice in model.json`)
    names.add(name)
  }
  const tensors = decodeWeights(specs, weights)
    .filter(({ name }) => !slots.has(name))
    .map(({ name, shape, dtype, data }): WeightTensor => {
      if (dtype !== 'string') return { name, shape, dtype, data }
      throw new UnsupportedError(`weight ${name} has dtype string; allowed: ${Object.keys(weightBytes).join(', ')}`)
    })
  const { model_config: nested, training_config: nestedTraining } = json.modelTopology
  const topology = record.safeParse(nested).data ?? json.modelTopology
  const trainingConfig = json.trainingConfig ?? record.safeParse(nestedTraining).data
  return { topology, ...(trainingConfig && { trainingConfig }), weights: tensors }
}

const checkSize = ({ name, shape, dtype, data }: WeightTensor): void => {
  const expected = sizeOf(shape) * weightBytes[dtype]
  if (data.byteLength !== expected) {
    throw new InvalidInputError(
      `weight ${name} of shape [${shape}] and dtype ${dtype} needs ${expected} bytes, got ${data.byteLength}`,
    )
  }
}
