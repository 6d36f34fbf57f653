/** The optimiser's own variables as Keras stores them: how many steps it made, and its slots in their order. */
import type { Hdf5Group, Hdf5Value } from '../hdf5/index.ts'
import { decodeElements } from './elements.ts'

export interface StoredOptimizer {
  /** Updates made so far. */
  readonly step: number
  /** Slots in the order of the file; names say what a slot is for in some versions and not in others. */
  readonly slots: readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }[]
}

/** Undefined when the file holds none, or none that made a step. Of a whole-model `.h5` (`optimizer_weights`) or of an archive's weights (`optimizer/vars`). */
export const storedOptimizer = (file: Hdf5Group): StoredOptimizer | undefined => {
  const variables = fromH5(file.groups.get('optimizer_weights')) ?? fromV3(file.groups.get('optimizer'))
  const iterations = variables?.find(({ shape, dtype }) => shape.length === 0 && dtype === 'int32')
  if (!variables || !iterations) return undefined
  const step = new Int32Array(iterations.data.slice().buffer)[0] ?? 0
  // Compiled, never trained: Keras makes the slots in the first step.
  if (step === 0) return undefined
  // The learning rate is in the configuration too.
  const slots = variables.filter((one) => one !== iterations && !/learning_rate/.test(one.name) && one.shape.length > 0)
  return {
    step,
    slots: slots.map(({ name, shape, data }) => ({ name, shape, data: new Float32Array(data.slice().buffer) })),
  }
}

type Variable = { readonly name: string } & ReturnType<typeof decodeElements>

const fromH5 = (group: Hdf5Group | undefined): Variable[] | undefined => {
  const names = group?.attributes.get('weight_names')
  if (!group || !Array.isArray(names)) return undefined
  return (names as Hdf5Value[]).flatMap((name) => {
    const path = String(name).split('/')
    const dataset = path
      .slice(0, -1)
      .reduce<Hdf5Group | undefined>((inner, part) => inner?.groups.get(part), group)
      ?.datasets.get(path.at(-1) ?? '')
    return dataset ? [{ name: String(name), ...decodeElements(dataset, String(name)) }] : []
  })
}

const fromV3 = (group: Hdf5Group | undefined): Variable[] | undefined => {
  const vars = group?.groups.get('vars')
  return (
    vars &&
    [...vars.datasets]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([key, dataset]) => {
        const name = String(dataset.attributes.get('name') ?? key)
        return { name, ...decodeElements(dataset, `optimizer/${name}`) }
      })
  )
}
