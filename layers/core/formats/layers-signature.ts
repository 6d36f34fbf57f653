/** What a tfjs-layers model takes and gives. */
import type * as layers from '@tensorflow/tfjs-layers'
import { type DType, dtypeSchema, type Signature, type TensorSpec } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'

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
