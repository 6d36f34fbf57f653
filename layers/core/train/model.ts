/** The model under training: built from a topology with seeded initial weights, read and written as plain arrays. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel, layers } from '@tensorflow/tfjs-layers'
import { mixSeed } from '../data/random.ts'
import { InvalidInputError, MaasError, messageOf } from '../errors.ts'
import { buildLayersModel } from '../formats/layers-topology.ts'
import type { Kernels } from '../kernels/index.ts'
import { withoutKeras3 } from './keras-topology.ts'
import type { NamedArray } from './safetensors.ts'

type TensorFlow = Kernels['tf']
type Layer = layers.Layer

/** A Keras or TF.js topology: `{ class_name, config }`. */
export type Topology = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Initialisers that draw random numbers; the others take no seed. */
const RANDOM = /Normal|Uniform|VarianceScaling|Orthogonal/

/** The topology with a seed of its own in every random initialiser that has none, so that a seed decides a whole run. */
export const seedTopology = (topology: Topology, seed: number): Topology => {
  let count = 0
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit)
    if (!isObject(value)) return value
    const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]))
    if (typeof copy.class_name !== 'string' || !RANDOM.test(copy.class_name)) return copy
    const config = isObject(copy.config) ? copy.config : {}
    count += 1
    return { ...copy, config: { ...config, seed: config.seed ?? mixSeed(seed, count) % 2 ** 31 } }
  }
  return visit(topology) as Topology
}

/** Builds the model with fresh weights. InvalidInputError with tfjs' own reason when the topology makes no model, UnsupportedError for Keras layers it does not have. */
export const buildModel = async (
  topology: Topology,
  seed: number,
  { tf }: Pick<Kernels, 'tf'>,
): Promise<LayersModel> => {
  try {
    return await buildLayersModel(seedTopology(withoutKeras3(topology), seed), { tf })
  } catch (cause) {
    if (cause instanceof MaasError) throw cause
    throw new InvalidInputError(`the topology makes no model: ${messageOf(cause)}`, { cause, param: 'maas_topology' })
  }
}

/** All layers, those of nested models included. */
export const flatLayers = (model: LayersModel): Layer[] =>
  model.layers.flatMap((layer) => {
    const nested = (layer as Partial<LayersModel>).layers
    return Array.isArray(nested) ? flatLayers(layer as LayersModel) : [layer]
  })

/** Layers of a Keras file that do something in its training alone and nothing here, each with what that is. */
export const leftOut = (model: LayersModel): string[] =>
  flatLayers(model).flatMap((layer) => {
    const { leavesOut } = layer.getConfig()
    return typeof leavesOut === 'string' ? [`${layer.name} (${leavesOut})`] : []
  })

/**
 * Embeddings that these optimisers move otherwise than Keras on TensorFlow, which squares the gradient of each occurrence of a token before it adds them up.
 * SGD squares nothing.
 */
export const squaredOtherwise = (model: LayersModel, optimizer: string): string[] =>
  optimizer === 'sgd'
    ? []
    : flatLayers(model).flatMap((layer) =>
        layer.getClassName() === 'Embedding' && layer.trainableWeights.length > 0 ? [layer.name] : [],
      )

/** `loss` plus the model's regularisation penalties. */
export const penaltyOf = (tf: TensorFlow, model: LayersModel, loss: Scalar): Scalar =>
  model.calculateLosses().reduce<Scalar>((sum, penalty) => tf.add(sum, penalty) as Scalar, loss)

/** Weights of the model in its own order, moving statistics included. */
export const modelWeights = ({ tf }: Pick<Kernels, 'tf'>, model: LayersModel) => ({
  read: (): NamedArray[] =>
    model.weights.map((weight, index) => ({
      name: `${index}/${weight.originalName}`,
      shape: weight.shape as number[],
      data: Float32Array.from(weight.read().dataSync()),
    })),
  write: (weights: readonly NamedArray[]): void => {
    if (weights.length !== model.weights.length)
      throw new Error(`${weights.length} weights for a model with ${model.weights.length}`)
    tf.tidy(() => {
      model.weights.forEach((weight, index) => {
        const { data, shape } = weights[index] as NamedArray
        weight.write(tf.tensor(data, [...shape], weight.dtype) as Tensor)
      })
    })
  },
})

/** `layer (Class)` by `layer`, e.g. for the log: `Conv2D 32, MaxPooling2D, Flatten, Dense 10`. */
export const summaryOf = (model: LayersModel): string =>
  flatLayers(model)
    .filter((layer) => layer.getClassName() !== 'InputLayer')
    .map((layer) => {
      const { filters, units } = layer as { filters?: number; units?: number }
      return `${layer.getClassName()}${(filters ?? units) ? ` ${filters ?? units}` : ''}`
    })
    .join(', ')
