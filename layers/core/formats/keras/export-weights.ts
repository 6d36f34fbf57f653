/** Weights in the order in which Keras' loader of `.h5` files takes them: by layer, in a nested model what is trained first. */
import { InvalidInputError } from '../../errors.ts'
import type { Hdf5NewDataset, Hdf5NewGroup } from '../hdf5/write.ts'
import type { WeightTensor } from '../types.ts'
import { isModelClass, type KerasLayer, layersOf, nameOf, wrappedModel } from './config.ts'

/** The `model_weights` group: one group per layer, with the list of its weights' names. */
export const exportWeights = (
  model: KerasLayer,
  weights: readonly WeightTensor[],
  attributes: Record<string, string>,
): Hdf5NewGroup => {
  const layers = layersOf(model)
  const groups = new Map(
    layers.map((layer) => {
      const prefix = `${nameOf(layer)}/`
      const own =
        isModelClass(layer.class_name) || wrappedModel(layer)
          ? inLoadingOrder(layer, weights)
          : weightsOfLayer(layer, weights, '', layers)
      return [nameOf(layer), layerGroup(layer.class_name === 'Normalization' ? withCount(own, prefix) : own)] as const
    }),
  )
  const written = [...groups.values()].reduce((sum, { attributes: own }) => sum + (own?.weight_names?.length ?? 0), 0)
  const added = layers.filter(({ class_name: className }) => className === 'Normalization').length
  if (written < weights.length || written > weights.length + added) {
    throw new InvalidInputError(
      `${weights.length - written} of ${weights.length} weights belong to no layer of the topology`,
    )
  }
  return { attributes: { layer_names: layers.map(nameOf), ...attributes }, groups }
}

/** Keras keeps how many examples the statistics are from, which is of no use any more. */
const withCount = (weights: readonly WeightTensor[], prefix: string): WeightTensor[] =>
  weights.length === 0
    ? []
    : [...weights, { name: `${prefix}count`, shape: [], dtype: 'int32', data: new Uint8Array(4) }]

/** Of a layer beside `siblings`. One may be called `a` and another `a/b`: the longest name that fits has the weight. */
export const weightsOfLayer = (
  layer: KerasLayer,
  weights: readonly WeightTensor[],
  outer: string,
  siblings: readonly KerasLayer[],
): WeightTensor[] => {
  const prefix = `${outer}${nameOf(layer)}/`
  const longer = siblings.map((other) => `${outer}${nameOf(other)}/`).filter((other) => other.length > prefix.length)
  return weights.filter(({ name }) => name.startsWith(prefix) && !longer.some((other) => name.startsWith(other)))
}

const layerGroup = (weights: readonly WeightTensor[]): Hdf5NewGroup & { attributes: { weight_names: string[] } } => {
  const root = branch()
  for (const weight of weights) {
    const parts = weight.name.split('/')
    const last = parts.pop() ?? weight.name
    let at = root
    for (const part of parts) {
      const next = at.groups.get(part) ?? branch()
      at.groups.set(part, next)
      at = next
    }
    at.datasets.set(last, datasetOf(weight))
  }
  return { ...root, attributes: { weight_names: weights.map(({ name }) => name) } }
}

interface Branch extends Hdf5NewGroup {
  readonly groups: Map<string, Branch>
  readonly datasets: Map<string, Hdf5NewDataset>
}

const branch = (): Branch => ({ groups: new Map(), datasets: new Map() })

export const datasetOf = ({ shape, dtype, data }: WeightTensor): Hdf5NewDataset => {
  // A copy of its own: the weights may be a view, and a Buffer's `slice` is one too.
  const { buffer } = new Uint8Array(data)
  if (dtype === 'bool') return { shape, data: new Uint8Array(buffer) }
  return { shape, data: dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer) }
}

/** Statistics which a step moves, but no gradient. */
const untrained = /\/(moving_mean|moving_variance|mean|variance|count)$/

const inLoadingOrder = (model: KerasLayer, weights: readonly WeightTensor[]): WeightTensor[] => {
  const ordered = leavesOf(model, '', true).flatMap(({ path, trainable }) =>
    weights
      .filter(({ name }) => name.startsWith(`${path}/`))
      .map((weight) => ({ weight, trained: trainable && !untrained.test(weight.name) })),
  )
  return [...ordered.filter(({ trained }) => trained), ...ordered.filter(({ trained }) => !trained)].map(
    ({ weight }) => weight,
  )
}

const leavesOf = (layer: KerasLayer, prefix: string, outer: boolean): { path: string; trainable: boolean }[] => {
  const path = `${prefix}${nameOf(layer)}`
  const trainable = outer && layer.config.trainable !== false
  if (isModelClass(layer.class_name)) {
    return layersOf(layer).flatMap((inner) => leavesOf(inner, `${path}/`, trainable))
  }
  const inner = wrappedModel(layer)
  return inner ? leavesOf(inner, `${path}/`, trainable) : [{ path, trainable }]
}
