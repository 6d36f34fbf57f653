/** Weights as whole-model `.h5` files hold them: a list of names per layer, in the order of the layer's variables. */
import { InvalidInputError } from '../../errors.ts'
import type { Hdf5Dataset, Hdf5Group, Hdf5Value } from '../hdf5/index.ts'
import type { WeightTensor } from '../types.ts'
import { isModelClass, type KerasLayer, layersOf, nameOf, wrappedModel } from './config.ts'
import { decodeElements } from './elements.ts'
import { keptVariables } from './layer.ts'

interface Stored {
  /** e.g. `dense/kernel:0` */
  readonly name: string
  readonly dataset: Hdf5Dataset
}

/** Weights of a model in the topology's order; every stored weight must belong to a layer. */
export const weightsFromH5 = (file: Hdf5Group, model: KerasLayer): WeightTensor[] => {
  const root = file.groups.get('model_weights') ?? file
  const byName = new Map(layersOf(model).map((layer) => [nameOf(layer), layer]))
  const stored = new Map(stringList(root, 'layer_names').map((name) => [name, storedIn(root, name)]))
  for (const [name, list] of stored) {
    if (!byName.has(name) && list.length > 0) {
      throw new InvalidInputError(`the file stores weights of layer ${name}, which the configuration does not have`)
    }
  }
  return [...byName].flatMap(([name, layer]) => {
    const list = stored.get(name) ?? []
    if (isModelClass(layer.class_name)) return nestedWeights(layer, list)
    const inner = wrappedModel(layer)
    if (inner) return nestedWeights(inner, list, `${name}/`)
    return namedWeights(name, list, layer)
  })
}

const storedIn = (root: Hdf5Group, layer: string): Stored[] => {
  const group = at(root, layer)
  if (!group) throw new InvalidInputError(`the file lists layer ${layer} but stores no group for it`)
  return stringList(group, 'weight_names').map((name) => {
    const parent = at(group, name.split('/').slice(0, -1).join('/'))
    const dataset = parent?.datasets.get(name.split('/').at(-1) ?? '')
    if (!dataset) throw new InvalidInputError(`the file lists weight ${name} of layer ${layer} but does not store it`)
    return { name, dataset }
  })
}

const at = (group: Hdf5Group, path: string): Hdf5Group | undefined =>
  path
    .split('/')
    .filter(Boolean)
    .reduce<Hdf5Group | undefined>((inner, part) => inner?.groups.get(part), group)

/** Long lists are split into `name0`, `name1` … */
const stringList = ({ attributes }: Hdf5Group, name: string): string[] => {
  const lists: Hdf5Value[] = attributes.has(name) ? [attributes.get(name) ?? []] : []
  for (let i = 0; attributes.has(`${name}${i}`); i += 1) lists.push(attributes.get(`${name}${i}`) ?? [])
  return lists.flat().map(String)
}

const namedWeights = (path: string, list: readonly Stored[], layer: KerasLayer): WeightTensor[] => {
  const locals = localNames(list, nameOf(layer))
  const variables = list.map(({ dataset }, i): [string, Hdf5Dataset] => [locals[i] ?? String(i), dataset])
  return keptVariables(layer, variables).map(([local, dataset]) => {
    const name = `${path}/${local}`
    return { name, ...decodeElements(dataset, name) }
  })
}

/** What follows the layer's name in the weights' own, made distinct, for names may repeat. */
const localNames = (list: readonly Stored[], layer: string): string[] => {
  const names = list.map(({ name }) => {
    const components = name.replace(/:\d+$/, '').split('/')
    const after = components.lastIndexOf(layer)
    return components.slice(after >= 0 && after < components.length - 1 ? after + 1 : -1).join('.')
  })
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name}.${i}`))
}

interface Leaf {
  readonly layer: KerasLayer
  /** Names from the nested model's own down to the layer's. */
  readonly path: readonly string[]
}

/**
 * The weights of a nested model come as one flat list whose order depends on what is trainable, so each is led back to its
 * layer by the scopes in its name. Where names leave a choice, the file is refused.
 */
const nestedWeights = (model: KerasLayer, list: readonly Stored[], prefix = ''): WeightTensor[] => {
  const leaves = leavesOf(model, [])
  const taken = new Map<string, Leaf>()
  const groups = new Map<Leaf, Stored[]>()
  const scopes = [...new Set(list.map(scopeOf))].sort((a, b) => b.split('/').length - a.split('/').length)
  for (const scope of scopes) {
    const leaf = ownerOf(scope.split('/'), leaves, taken)
    if (!leaf) {
      throw new InvalidInputError(
        `nested model ${nameOf(model)}: it is not clear which layer the weights ${scope}/… belong to; give its layers distinct names or save as .keras`,
      )
    }
    groups.set(leaf, [...(groups.get(leaf) ?? []), ...list.filter((stored) => scopeOf(stored) === scope)])
  }
  return leaves.flatMap((leaf) => {
    // Back in file order: several scopes may belong to one layer.
    const own = (groups.get(leaf) ?? []).sort((a, b) => list.indexOf(a) - list.indexOf(b))
    return namedWeights(`${prefix}${leaf.path.join('/')}`, own, leaf.layer)
  })
}

const scopeOf = ({ name }: Stored): string => name.split('/').slice(0, -1).join('/')

const leavesOf = (model: KerasLayer, prefix: readonly string[]): Leaf[] => {
  const path = [...prefix, nameOf(model)]
  return layersOf(model).flatMap((layer) => {
    if (isModelClass(layer.class_name)) return leavesOf(layer, path)
    const inner = wrappedModel(layer)
    return inner ? leavesOf(inner, [...path, nameOf(layer)]) : [{ layer, path: [...path, nameOf(layer)] }]
  })
}

/** The layer whose name, after nothing but names of enclosing models, stands in the scope; the longest such match not yet taken. */
const ownerOf = (scope: readonly string[], leaves: readonly Leaf[], taken: Map<string, Leaf>): Leaf | undefined => {
  const candidates = leaves.flatMap((leaf) => {
    const name = leaf.path.at(-1) ?? ''
    const position = scope.indexOf(name)
    if (position < 0) return []
    const models = leaf.path.slice(0, -1)
    const before = scope.slice(0, position)
    const matched = before.filter((part) => models.includes(part)).length
    // Scopes of models further out may stand in front.
    if (!before.slice(before.length - matched).every((part) => models.includes(part))) return []
    if (before.length > matched && matched === 0 && models.length > 1) return []
    const key = scope.slice(0, position + 1).join('/')
    return taken.has(key) && taken.get(key) !== leaf ? [] : [{ leaf, key, matched }]
  })
  const best = Math.max(...candidates.map(({ matched }) => matched))
  const free = candidates.filter(
    ({ leaf, key, matched }) =>
      matched === best && ![...taken].some(([other, owner]) => owner === leaf && other !== key),
  )
  const [only] = free
  if (!only || free.length > 1) return undefined
  taken.set(only.key, only.leaf)
  return only.leaf
}
