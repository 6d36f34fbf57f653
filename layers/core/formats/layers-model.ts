/** Between the stored shape of a model and a tfjs-layers model that runs and trains: every weight is paired by layer and checked. */
import type { Variable } from '@tensorflow/tfjs-core'
import type * as layers from '@tensorflow/tfjs-layers'
import { InvalidInputError, MaasError, messageOf, UnsupportedError } from '../errors.ts'
import { weightBytes } from './layers-json.ts'
import { buildLayersModel, type ModelKernels, topologyOf } from './layers-topology.ts'
import { isContainer } from './masking.ts'
import type { ModelArtifact, WeightTensor } from './types.ts'

/** One weight of a built model, and the layer it belongs to. */
interface Slot {
  /** Names of the enclosing models and the layer, joined by `/`. */
  readonly path: string
  /** `path/weight`, unique within the model. */
  readonly name: string
  readonly variable: layers.LayerVariable
}

/**
 * Topology, compile configuration if there is one, and a copy of the current weights, layer by layer.
 *
 * @param names unique names with those of enclosing models, or stock TF.js' own, which leave those out
 */
export const toModelArtifact = (model: layers.LayersModel, names: 'unique' | 'stock' = 'unique'): ModelArtifact => {
  const trainingConfig = trainingConfigOf(model)
  return {
    topology: topologyOf(model),
    ...(trainingConfig && { trainingConfig }),
    weights: slotsOf(model).map(({ name, variable }) => ({
      name: names === 'stock' ? variable.originalName : name,
      shape: variable.shape as number[],
      dtype: weightDtype(name, variable.dtype),
      data: bytesOf(variable.read().dataSync()),
    })),
  }
}

/**
 * Builds the model, sets every weight and restores loss, metrics and optimiser when the artifact has them.
 * InvalidInputError when a weight is missing, left over or of another shape; UnsupportedError for a layer that is not known.
 */
export const toLayersModel = async (artifact: ModelArtifact, kernels: ModelKernels): Promise<layers.LayersModel> => {
  const model = await build(artifact, kernels)
  const slots = slotsOf(model)
  disposeWhole(model, slots)
  try {
    for (const [slot, weight] of pair(slots, artifact.weights)) {
      const tensor = kernels.tf.tensor(valuesOf(weight), [...weight.shape], weight.dtype)
      // Past the constraint, which is for what training does to a weight.
      ;(slot.variable as unknown as { readonly val: Variable }).val.assign(tensor)
      tensor.dispose()
    }
    if (artifact.trainingConfig?.optimizer_config) restoreTraining(model, artifact.trainingConfig)
  } catch (error) {
    model.dispose()
    throw error
  }
  return model
}

const build = async ({ topology }: ModelArtifact, { tf }: ModelKernels): Promise<layers.LayersModel> => {
  try {
    return await buildLayersModel(topology, { tf }, (make) => withZeros(tf, make))
  } catch (cause) {
    if (cause instanceof MaasError) throw cause
    throw new UnsupportedError(`the topology cannot be built: ${messageOf(cause)}`, { cause })
  }
}

type AddWeight = (name: string, shape: number[], dtype: string, initializer: unknown, ...rest: unknown[]) => unknown

/** Every weight is set from the artifact: drawing a hundred million random numbers in JavaScript first takes seconds. */
const withZeros = <T>(tf: ModelKernels['tf'], make: () => T): T => {
  const { prototype } = tf.layers.Layer as unknown as { prototype: { addWeight: AddWeight } }
  const { addWeight } = prototype
  const zeros = { apply: (shape: number[], dtype: 'float32') => tf.zeros(shape, dtype) }
  prototype.addWeight = function (name, shape, dtype, initializer, ...rest) {
    return addWeight.call(this, name, shape, dtype, initializer && zeros, ...rest)
  }
  try {
    return make()
  } finally {
    prototype.addWeight = addWeight
  }
}

/** tfjs keeps a nested model's weights, because its uses count as owners. */
const disposeWhole = (model: layers.LayersModel, slots: readonly Slot[]): void => {
  const dispose = model.dispose.bind(model)
  model.dispose = () => {
    const result = dispose()
    for (const { variable } of slots) {
      const { val } = variable as unknown as { readonly val: { readonly isDisposed: boolean } }
      if (!val.isDisposed) variable.dispose()
    }
    return result
  }
}

/** What TimeDistributed and its like have; their types are not exported. */
interface Wrapper {
  readonly layer: layers.layers.Layer
}

/** Layer by layer in the topology's order, nested models depth first; independent of what is trainable. */
const slotsOf = (model: layers.LayersModel, prefix = ''): Slot[] =>
  model.layers.flatMap((layer) => {
    const path = `${prefix}${layer.name}`
    if (isContainer(layer)) return slotsOf(layer, `${path}/`)
    const { layer: inner } = layer as Partial<Wrapper>
    if (inner && isContainer(inner)) return slotsOf(inner, `${path}/${inner.name}/`)
    const short = layer.weights.map(({ originalName }) => originalName.split('/').at(-1) ?? originalName)
    return layer.weights.map((variable, i) => {
      const last = short[i] ?? ''
      const clashes = short.indexOf(last) !== short.lastIndexOf(last)
      const local = clashes ? variable.originalName.replace(`${layer.name}/`, '') : last
      return { path, name: `${path}/${local}`, variable }
    })
  })

/**
 * By layer, and within a layer by name, else by order: variable names differ between writers, their order does not.
 * Files of stock TF.js leave out the names of enclosing models; those are paired by the variable's own full name.
 */
const pair = (slots: readonly Slot[], weights: readonly WeightTensor[]): [Slot, WeightTensor][] => {
  const pairs = pairByOwnName(slots, weights) ?? pairByLayer(slots, weights)
  for (const [{ name, variable }, weight] of pairs) {
    const { dtype } = variable
    if (String(variable.shape) !== String(weight.shape) || dtype !== weight.dtype) {
      throw new InvalidInputError(
        `weight ${weight.name} is ${weight.dtype} [${weight.shape}], but ${name} of the topology is ${dtype} [${variable.shape}]`,
        { param: weight.name },
      )
    }
  }
  return pairs
}

const pairByOwnName = (
  slots: readonly Slot[],
  weights: readonly WeightTensor[],
): [Slot, WeightTensor][] | undefined => {
  const byName = new Map(weights.map((weight) => [weight.name, weight]))
  const own = new Set(slots.map(({ variable }) => variable.originalName))
  if (own.size !== slots.length || byName.size !== slots.length) return undefined
  const pairs = slots.flatMap((slot): [Slot, WeightTensor][] => {
    const weight = byName.get(slot.variable.originalName)
    return weight ? [[slot, weight]] : []
  })
  return pairs.length === slots.length ? pairs : undefined
}

const pairByLayer = (slots: readonly Slot[], weights: readonly WeightTensor[]): [Slot, WeightTensor][] => {
  const slotsByPath = groupBy(slots, (slot) => slot.path)
  const longestFirst = [...slotsByPath.keys()].sort((a, b) => b.length - a.length)
  const weightsByPath = groupBy(weights, ({ name }) => longestFirst.find((path) => name.startsWith(`${path}/`)))
  const stray = weightsByPath.get(undefined)?.[0]
  if (stray) {
    throw new InvalidInputError(`weight ${stray.name} belongs to no layer of the topology`, { param: stray.name })
  }
  return [...slotsByPath].flatMap(([path, own]) => {
    const given = weightsByPath.get(path) ?? []
    if (given.length !== own.length) {
      throw new InvalidInputError(
        `layer ${path} has ${own.length} weights (${own.map(({ name }) => name).join(', ')}), the file holds ${given.length}`,
        { param: path },
      )
    }
    const byName = new Map(given.map((weight) => [weight.name, weight]))
    const named = own.every(({ name }) => byName.has(name))
    return own.map((slot, i): [Slot, WeightTensor] => {
      const weight = named ? byName.get(slot.name) : given[i]
      if (!weight) throw new InvalidInputError(`weight ${slot.name} is missing`, { param: slot.name })
      return [slot, weight]
    })
  })
}

const groupBy = <T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

const weightDtype = (name: string, dtype: string): WeightTensor['dtype'] => {
  if (Object.hasOwn(weightBytes, dtype)) return dtype as WeightTensor['dtype']
  throw new UnsupportedError(`weight ${name} has dtype ${dtype}; allowed: ${Object.keys(weightBytes).join(', ')}`)
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()

/** A view of the artifact's own memory, which nobody writes to: the backend keeps it until it copies it into TensorFlow. Views need alignment. */
const valuesOf = ({ dtype, data }: WeightTensor): Float32Array | Int32Array | Uint8Array => {
  if (dtype === 'bool') return data
  const { buffer, byteOffset, byteLength } = data.byteOffset % 4 === 0 ? data : new Uint8Array(data)
  return dtype === 'int32'
    ? new Int32Array(buffer, byteOffset, byteLength / 4)
    : new Float32Array(buffer, byteOffset, byteLength / 4)
}

/** Part of tfjs-layers' own saving that its types do not show. */
interface TrainingState {
  readonly optimizer?: unknown
  getTrainingConfig(): Record<string, unknown>
}

const trainingConfigOf = (model: layers.LayersModel): Record<string, unknown> | undefined => {
  const state = model as unknown as TrainingState
  return state.optimizer ? state.getTrainingConfig() : undefined
}

const restoreTraining = (model: layers.LayersModel, config: Readonly<Record<string, unknown>>): void => {
  type Config = Parameters<layers.LayersModel['loadTrainingConfig']>[0]
  try {
    model.loadTrainingConfig(structuredClone(config) as unknown as Config)
    // Made here, so it goes with the model.
    Object.assign(model, { isOptimizerOwned: true })
  } catch (cause) {
    throw new UnsupportedError(`the training configuration cannot be restored: ${messageOf(cause)}`, { cause })
  }
}
