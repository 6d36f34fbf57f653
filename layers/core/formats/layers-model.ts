/** Between the stored shape of a model and a tfjs-layers model that runs and trains: every weight is paired by layer and checked. */
import type { Variable } from '@tensorflow/tfjs-core'
import type * as layers from '@tensorflow/tfjs-layers'
import { type DType, dtypeSchema, type Signature, type TensorSpec } from '../contract/index.ts'
import { InvalidInputError, MaasError, messageOf, UnsupportedError } from '../errors.ts'
import type { Kernels } from '../kernels/index.ts'
import { installAdapters } from './adapters/index.ts'
import { weightBytes } from './layers-json.ts'
import { isContainer, maskLikeKeras } from './masking.ts'
import { normaliseLikeKeras } from './statistics.ts'
import type { ModelArtifact, WeightTensor } from './types.ts'

/** What building a model needs of the kernels. */
export type ModelKernels = Pick<Kernels, 'tf'>

/** How tfjs-layers types a topology; it does not export the name. */
type PyJsonDict = Extract<
  Parameters<typeof layers.models.modelFromJSON>[0],
  { modelTopology: unknown }
>['modelTopology']

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

/** As tfjs-layers writes it, with the one option that it forgets, and whose rules the model follows. */
const topologyOf = (model: layers.LayersModel): Record<string, unknown> => {
  const topology = withoutStates(model, () => model.toJSON(null, false)) as unknown as Topology
  restoreDepthMultipliers(topology, model)
  const version = kerasVersions.get(model)
  return version === undefined ? topology : { ...topology, keras_version: version }
}

interface CalledLayer {
  readonly inboundNodes: { callArgs: Record<string, unknown> | null }[]
}

/** tfjs warns that it leaves out an initial state, which it has written among the inputs. */
const withoutStates = <T>(model: layers.LayersModel, write: () => T): T => {
  const nodes = calledLayers(model).flatMap(({ inboundNodes }) => inboundNodes)
  const stated = nodes.flatMap((node) => (node.callArgs?.initialState ? [{ node, all: node.callArgs }] : []))
  try {
    for (const { node, all } of stated) {
      const { initialState: _, ...others } = all
      node.callArgs = others
    }
    return write()
  } finally {
    for (const { node, all } of stated) node.callArgs = all
  }
}

const calledLayers = (model: layers.LayersModel): CalledLayer[] =>
  model.layers.flatMap((layer) => (isContainer(layer) ? calledLayers(layer) : [layer as unknown as CalledLayer]))

interface Topology extends Record<string, unknown> {
  readonly config: { readonly layers: readonly Topology[]; depth_multiplier?: number }
}

const restoreDepthMultipliers = (topology: Topology, model: layers.LayersModel): void => {
  for (const [i, layer] of model.layers.entries()) {
    const written = topology.config.layers[i]
    if (!written) continue
    if (isContainer(layer)) restoreDepthMultipliers(written, layer)
    else if ('depthMultiplier' in layer) written.config.depth_multiplier = layer.depthMultiplier as number
  }
}

/** Names, dtypes and shapes of the model's inputs and outputs, in its own order; the batch is -1. */
export const signatureOf = (model: layers.LayersModel): Signature => ({
  inputs: specsOf(model.inputs),
  outputs: specsOf(model.outputs),
})

/** A tensor goes by its layer's name, as in Keras; further tensors of one layer are numbered, past other layers' names. */
const specsOf = (tensors: readonly layers.SymbolicTensor[]): TensorSpec[] => {
  const names = tensors.map(({ sourceLayer }) => sourceLayer.name)
  const taken = new Set(names)
  return tensors.map(({ shape, dtype }, i) => {
    const name = names[i] ?? ''
    let number = names.slice(0, i).filter((other) => other === name).length
    const further = number > 0
    while (further && taken.has(`${name}_${number}`)) number += 1
    const own = further ? `${name}_${number}` : name
    taken.add(own)
    return {
      name: own,
      dtype: tensorDtype(name, dtype),
      shape: shape.map((size) => size ?? -1),
    }
  })
}

const tensorDtype = (name: string, dtype: string): DType => {
  const result = dtypeSchema.safeParse(dtype)
  if (!result.success) throw new UnsupportedError(`tensor ${name} has dtype ${dtype}; allowed: ${dtypeSchema.options}`)
  return result.data
}

const build = async ({ topology }: ModelArtifact, { tf }: ModelKernels): Promise<layers.LayersModel> => {
  try {
    return await buildLayersModel(topology, { tf }, (make) => withZeros(tf, make))
  } catch (cause) {
    if (cause instanceof MaasError) throw cause
    throw new UnsupportedError(`the topology cannot be built: ${messageOf(cause)}`, { cause })
  }
}

/** Of a model that was built here, which tfjs forgets: later copies must follow the same rules. */
const kerasVersions = new WeakMap<layers.LayersModel, string>()

/**
 * The model of a topology in tfjs' form, our adapters included, whose masks and normalisation follow Keras. Weights are what its
 * initialisers draw; what fails in tfjs is thrown as it is.
 *
 * @param around runs the part in which weights are made
 */
export const buildLayersModel = async (
  topology: Readonly<Record<string, unknown>>,
  { tf }: ModelKernels,
  around: <T>(make: () => T) => T = (make) => make(),
): Promise<layers.LayersModel> => {
  installAdapters(tf)
  // A copy: deserialisation may write into what it is given.
  const own = structuredClone(topology) as PyJsonDict
  // Some layers leave tensors behind when they are made; without a weights manifest the work is done when the call returns.
  tf.engine().startScope('build')
  const built = around(() => tf.models.modelFromJSON({ modelTopology: own }))
  tf.engine().endScope()
  const model = await built
  const { keras_version: version } = topology
  if (typeof version === 'string') kerasVersions.set(model, version)
  maskLikeKeras(model, tf, String(version).startsWith('3') ? 3 : 2)
  normaliseLikeKeras(model)
  return model
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
