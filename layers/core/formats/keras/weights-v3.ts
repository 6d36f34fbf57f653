/** Weights as `.keras` and `.weights.h5` files hold them: by class name and position of each layer, not by its name. */
import { InvalidInputError } from '../../errors.ts'
import type { Hdf5Dataset, Hdf5Group } from '../hdf5/index.ts'
import type { WeightTensor } from '../types.ts'
import { asRecord, isModelClass, type KerasLayer, layerFrom, layersOf, nameOf, wrappedModel } from './config.ts'
import { decodeElements } from './elements.ts'
import { isOperation, keptVariables } from './layer.ts'

/** Weights of a model in the topology's order; every stored variable must belong to a layer. */
export const weightsFromV3 = (file: Hdf5Group, model: KerasLayer): WeightTensor[] => modelWeights(file, model, '')

const modelWeights = (group: Hdf5Group, model: KerasLayer, prefix: string): WeightTensor[] => {
  const stored = group.groups.get('layers') ?? group.groups.get('_layer_checkpoint_dependencies') ?? EMPTY
  const claimed = new Set<string>()
  const places = placesOf(model)
  const weights = [...places].flatMap(([layer, key]) => {
    const own = stored.groups.get(key)
    if (!own) return []
    claimed.add(key)
    const name = nameOf(layer)
    checkName(own, name, key)
    if (isModelClass(layer.class_name)) return modelWeights(own, layer, `${prefix}${name}/`)
    const inner = wrappedModel(layer)
    if (inner) return modelWeights(own.groups.get('layer') ?? EMPTY, inner, `${prefix}${name}/${nameOf(inner)}/`)
    return keptVariables(layer, layerVariables(own, key, layer)).map(([local, dataset]) => {
      const path = `${prefix}${name}/${local}`
      return { name: path, ...decodeElements(dataset, path) }
    })
  })
  for (const [key, other] of stored.groups) {
    if (!claimed.has(key) && hasVariables(other)) {
      throw new InvalidInputError(
        `the file stores variables of ${prefix}${key}, but the configuration has no such layer`,
      )
    }
  }
  return weights
}

/** What the layers of a model are called in the file: their class, counted. Operations have no place. */
export const placesOf = (model: KerasLayer): Map<KerasLayer, string> =>
  counted(layersOf(model).filter((layer) => !isOperation(layer)))

const counted = (layers: readonly KerasLayer[]): Map<KerasLayer, string> => {
  const counts = new Map<string, number>()
  const places = new Map<KerasLayer, string>()
  for (const layer of layers) {
    const base = snakeCase(savedClasses[layer.class_name] ?? layer.class_name)
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    places.set(layer, count === 0 ? base : `${base}_${count}`)
  }
  return places
}

const EMPTY: Hdf5Group = { attributes: new Map(), groups: new Map(), datasets: new Map() }

/** Classes that are registered under another name than their own. */
const savedClasses: Readonly<Record<string, string>> = { GroupQueryAttention: 'GroupedQueryAttention' }

/** Python's `keras.src.utils.naming.to_snake_case`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

/** Newer files say which layer they mean. */
const checkName = (group: Hdf5Group, name: string, key: string): void => {
  const said = group.groups.get('vars')?.attributes.get('name')
  if (said !== undefined && said !== name) {
    throw new InvalidInputError(
      `the file stores ${key} for layer ${said}, but by the configuration it is layer ${name}`,
    )
  }
}

/** Parts of a layer that have variables of their own, in the order in which Keras makes them. */
const parts = [
  'forward_layer',
  'backward_layer',
  'layer',
  'cell',
  'cells',
  ...['query_dense', 'key_dense', 'value_dense', 'output_dense'].flatMap((part) => [part, `_${part}`]),
]

/** Random states, which inference does not need and training starts anew. */
const ignored = /^(_?seed_generator|_random_seed_generator)/

const layerVariables = (group: Hdf5Group, where: string, layer?: KerasLayer): [local: string, Hdf5Dataset][] => {
  const own = [...(group.groups.get('vars')?.datasets ?? [])].sort(([a], [b]) => Number(a) - Number(b))
  const inner = parts.flatMap((part) => {
    const sub = group.groups.get(part)
    if (!sub) return []
    const members: [string, Hdf5Group][] = part === 'cells' ? cellsOf(sub, layer) : [[part, sub]]
    return members.flatMap(([name, member]) =>
      layerVariables(member, `${where}/${name}`, partOf(layer, part)).map(([local, dataset]): [string, Hdf5Dataset] => [
        `${name}/${local}`,
        dataset,
      ]),
    )
  })
  for (const [name, sub] of group.groups) {
    if (name !== 'vars' && !parts.includes(name) && !ignored.test(name) && hasVariables(sub)) {
      throw new InvalidInputError(`${where} stores variables in a part named ${name}, which is not known`)
    }
  }
  return [...own, ...inner]
}

/** The layer inside, where the configuration says which. */
const partOf = (layer: KerasLayer | undefined, part: string): KerasLayer | undefined => {
  const inner = layer?.config[part.endsWith('_layer') ? 'layer' : part]
  return asRecord(inner) && layerFrom(inner, part)
}

/** In the order of the configuration: the file sorts them by the names of their classes. */
const cellsOf = (group: Hdf5Group, stack: KerasLayer | undefined): [string, Hdf5Group][] => {
  const cells = Array.isArray(stack?.config.cells) ? stack.config.cells : []
  const names = [...counted(cells.map((cell, i) => layerFrom(cell, `cell ${i}`))).values()]
  return [...group.groups].sort(([a], [b]) => names.indexOf(a) - names.indexOf(b))
}

const hasVariables = (group: Hdf5Group): boolean =>
  group.datasets.size > 0 || [...group.groups].some(([name, inner]) => !ignored.test(name) && hasVariables(inner))
