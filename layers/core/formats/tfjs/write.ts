/** A model as the folder of a TF.js layers model, which stock `tf.loadLayersModel` reads: only its own layers, weights by its own names. */
import { createHash } from 'node:crypto'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { UnsupportedError } from '../../errors.ts'
import { isCustomClass } from '../adapters/custom.ts'
import { adapterNames } from '../adapters/index.ts'
import { isNormalizedByStock } from '../adapters/mended.ts'
import { joinedWeights, modelJsonOf } from '../layers-json.ts'
import { toLayersModel, toModelArtifact } from '../layers-model.ts'
import type { ModelKernels } from '../layers-topology.ts'
import { isContainer } from '../masking.ts'
import type { ModelArtifact } from '../types.ts'

/** As TF.js' own converter cuts them: browsers fetch and cache several at once. */
const shardBytes = 4 * 1024 * 1024

/**
 * `model.json` and shards, which are named by their content: a `model.json` never finds another model's weights beside it.
 * UnsupportedError names a layer that stock TF.js does not have, or computes differently.
 */
export const writeLayersFolder = async (
  artifact: ModelArtifact,
  kernels: ModelKernels,
): Promise<Record<string, Uint8Array>> => {
  const model = await toLayersModel(artifact, kernels)
  const known = toModelArtifact(model, 'stock')
  const foreign = findForeign(known.topology, adapterNames(kernels.tf)) ?? findNormalization(model)
  model.dispose()
  if (foreign !== undefined) {
    throw new UnsupportedError(
      `cannot be written for TF.js: ${foreign}, which stock TF.js does not have. Write it as a SavedModel, .h5 or .keras`,
    )
  }
  checkNames(known)
  const weights = joinedWeights(known)
  const count = Math.max(1, Math.ceil(weights.length / shardBytes))
  const shards = Array.from({ length: count }, (_, at): [string, Uint8Array] => {
    const bytes = weights.subarray(at * shardBytes, (at + 1) * shardBytes)
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
    return [`shard-${at + 1}of${count}-${hash}.bin`, bytes]
  })
  const paths = shards.map(([path]) => path)
  return { ...Object.fromEntries(shards), 'model.json': modelJsonOf(known, paths) }
}

/** The first layer or activation that only the adapters compute, in words. */
const findForeign = (value: unknown, adapters: ReadonlySet<string>, layer = 'the model'): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { class_name: className, config } = value as { class_name?: unknown; config?: { name?: unknown } }
  const here = typeof className === 'string' && typeof config?.name === 'string' ? `layer ${config.name}` : layer
  if (typeof className === 'string' && isCustomClass(className)) return `${here} is one of your own (registerLayer)`
  if (typeof className === 'string' && adapters.has(className)) return `${here} is computed as ${className}`
  for (const [key, inner] of Object.entries(value)) {
    const activation = typeof inner === 'string' && key.endsWith('activation') ? inner : undefined
    if (activation !== undefined && adapters.has(camelCase(activation))) {
      return `${here} has the activation ${activation}`
    }
    const found = findForeign(inner, adapters, here)
    if (found !== undefined) return found
  }
  return undefined
}

/** The first normalisation that only the mended layer computes, in words. */
const findNormalization = (model: LayersModel): string | undefined => {
  for (const layer of model.layers) {
    const { layer: inner = layer } = layer as { layer?: typeof layer }
    const found = isContainer(inner) ? findNormalization(inner) : undefined
    if (found !== undefined) return found
    const { axis = -1 } = inner as { axis?: number | [number] }
    const rank = inner.getClassName() === 'BatchNormalization' ? (inner.inputSpec?.[0]?.ndim ?? 0) : 0
    if (rank > 0 && !isNormalizedByStock(axis, rank)) {
      return `layer ${layer.name} normalises tensors of ${rank} axes along axis ${axis}`
    }
  }
  return undefined
}

/** As tfjs-layers registers an activation. */
const camelCase = (name: string): string => name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase())

/** Stock TF.js leaves out the names of enclosing models. */
const checkNames = ({ weights }: ModelArtifact): void => {
  const names = weights.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw new UnsupportedError(
    `cannot be written for TF.js: two layers of nested models share the weight name ${twice}; give them different names in Keras`,
  )
}
