/** Weights as a `.keras` archive holds them: by class name and position of each layer, in the parts that Keras makes of it. */
import { InvalidInputError } from '../../errors.ts'
import type { Hdf5NewGroup } from '../hdf5/write.ts'
import type { WeightTensor } from '../types.ts'
import { asRecord, isModelClass, type KerasLayer, layerFrom, layersOf, nameOf, wrappedModel } from './config.ts'
import { kerasName } from './export-layer.ts'
import { datasetOf, weightsOfLayer } from './export-weights.ts'
import { snakeCase } from './weights-v3.ts'

/** The content of `model.weights.h5`. */
export const exportWeightsV3 = (model: KerasLayer, weights: readonly WeightTensor[]): Hdf5NewGroup => {
  let written = 0
  const modelGroup = (container: KerasLayer, prefix: string): Hdf5NewGroup => {
    const counts = new Map<string, number>()
    const groups = new Map<string, Hdf5NewGroup>()
    const layers = layersOf(container)
    for (const layer of layers) {
      const className = kerasName(layer.class_name)
      const base = snakeCase(className === 'Model' ? 'Functional' : className)
      const count = counts.get(base) ?? 0
      counts.set(base, count + 1)
      const key = count === 0 ? base : `${base}_${count}`
      if (isModelClass(layer.class_name)) {
        groups.set(key, modelGroup(layer, `${prefix}${nameOf(layer)}/`))
        continue
      }
      const inner = wrappedModel(layer)
      if (inner) {
        groups.set(key, parted([['layer', modelGroup(inner, `${prefix}${nameOf(layer)}/${nameOf(inner)}/`)]]))
        continue
      }
      const own = weightsOfLayer(layer, weights, prefix, layers)
      written += own.length
      if (own.length > 0) groups.set(key, layerGroup(layer, withCount(className, own)))
    }
    return { groups: new Map([['layers', { groups }]]) }
  }
  const root = modelGroup(model, '')
  if (written !== weights.length) {
    throw new InvalidInputError(
      `${weights.length - written} of ${weights.length} weights belong to no layer of the topology`,
    )
  }
  return root
}

/** How many examples the statistics are from: Keras keeps the number, and it is of no use any more. */
const withCount = (className: string, own: readonly WeightTensor[]): readonly WeightTensor[] =>
  className === 'Normalization' ? [...own, { name: 'count', shape: [], dtype: 'int32', data: new Uint8Array(4) }] : own

const vars = (weights: readonly WeightTensor[]): Hdf5NewGroup => ({
  groups: new Map([['vars', { datasets: new Map(weights.map((weight, i) => [String(i), datasetOf(weight)])) }]]),
})

const parted = (parts: readonly (readonly [string, Hdf5NewGroup])[]): Hdf5NewGroup => ({ groups: new Map(parts) })

const cellBased = new Set(['SimpleRNN', 'LSTM', 'GRU', 'ConvLSTM1D', 'ConvLSTM2D', 'ConvLSTM3D'])
const projections = ['query_dense', 'key_dense', 'value_dense', 'output_dense']

const layerGroup = (layer: KerasLayer, weights: readonly WeightTensor[]): Hdf5NewGroup => {
  const className = kerasName(layer.class_name)
  const inner = (option: string): KerasLayer => layerFrom(layer.config[option], `${nameOf(layer)}.${option}`)
  if (cellBased.has(className)) return parted([['cell', vars(weights)]])
  switch (className) {
    case 'Bidirectional': {
      const half = weights.length / 2
      return parted([
        ['forward_layer', layerGroup(inner('layer'), weights.slice(0, half))],
        ['backward_layer', layerGroup(inner('layer'), weights.slice(half))],
      ])
    }
    case 'TimeDistributed':
      return parted([['layer', layerGroup(inner('layer'), weights)]])
    case 'RNN':
      return parted([['cell', layerGroup(inner('cell'), weights)]])
    case 'StackedRNNCells':
      return parted([['cells', cellGroups(layer, weights)]])
    case 'MultiHeadAttention':
    case 'GroupedQueryAttention': {
      const each = weights.length / projections.length
      const prefix = className === 'MultiHeadAttention' ? '' : '_'
      return parted(
        projections.map((part, i) => [`${prefix}${part}`, vars(weights.slice(i * each, (i + 1) * each))] as const),
      )
    }
    default:
      return vars(weights)
  }
}

const cellGroups = (stack: KerasLayer, weights: readonly WeightTensor[]): Hdf5NewGroup => {
  const groups = new Map<string, Hdf5NewGroup>()
  let used = 0
  for (const given of stack.config.cells as unknown[]) {
    const cell = layerFrom(given, `${nameOf(stack)}.cells`)
    const base = snakeCase(kerasName(cell.class_name))
    const count = [...groups.keys()].filter((key) => key.replace(/_\d+$/, '') === base).length
    const size = asRecord(cell.config)?.use_bias === false ? 2 : 3
    groups.set(count === 0 ? base : `${base}_${count}`, vars(weights.slice(used, used + size)))
    used += size
  }
  return { groups }
}
