/** Golden tensors of a model that is being vetted: read from the files that came with it, or made from a seed. */
import { join } from 'node:path'
import { describeGolden, type GoldenTensors, generateGolden } from '@maas/core/certificate'
import {
  defaultTolerance,
  type ImportRequest,
  type NamedTensors,
  type Signature,
  sizeOf,
  type TensorData,
  type TensorSpec,
} from '@maas/core/contract'
import type { NpyArray } from '@maas/core/data'
// By its own path: the rest of data needs sharp, which this function's package does not hold.
import { readNamedArrays } from '@maas/core/data/named-arrays'
import { InvalidInputError } from '@maas/core/errors'

const toTensor = ({ shape, values }: NpyArray, spec: TensorSpec, file: string): TensorData => {
  const fits =
    shape.length === spec.shape.length && spec.shape.every((size, axis) => size === -1 || size === shape[axis])
  if (!fits || sizeOf(shape) === 0) {
    const wanted = spec.shape.map((size) => (size === -1 ? 'any' : size)).join(', ')
    throw new InvalidInputError(`${file}: ${spec.name} has shape [${shape.join(', ')}]; the model says [${wanted}]`, {
      param: 'golden',
    })
  }
  const numbers = Array.from(values as ArrayLike<number | bigint>, Number)
  const data =
    spec.dtype === 'float32'
      ? Float32Array.from(numbers)
      : spec.dtype === 'int32'
        ? Int32Array.from(numbers)
        : Uint8Array.from(numbers)
  return { dtype: spec.dtype, shape: [...shape], data }
}

/** One array for a model with one tensor, an .npz by name for several. */
const readTensors = async (directory: string, path: string, specs: readonly TensorSpec[]): Promise<NamedTensors> => {
  const arrays = await readNamedArrays(join(directory, path))
  const [only] = arrays
  return Object.fromEntries(
    specs.map((spec) => {
      const array = specs.length === 1 && arrays.length === 1 ? only : arrays.find(({ name }) => name === spec.name)
      if (array === undefined) {
        const names = arrays.map(({ name }) => name).join(', ')
        throw new InvalidInputError(`${path} has ${names}; it needs an array named ${spec.name}`, { param: 'golden' })
      }
      return [spec.name, toTensor(array, spec, path)]
    }),
  )
}

/** @param reference answers of the eager path, which generated goldens are made of */
export const goldenOf = async (
  { golden }: Pick<ImportRequest, 'golden'>,
  directory: string,
  signature: Signature,
  reference: (inputs: NamedTensors) => Promise<NamedTensors>,
): Promise<GoldenTensors> => {
  if (golden === undefined) return generateGolden(signature, reference)
  const inputs = await readTensors(directory, golden.inputs, signature.inputs)
  const outputs = await readTensors(directory, golden.outputs, signature.outputs)
  const counts = new Set([...Object.values(inputs), ...Object.values(outputs)].map(({ shape }) => shape[0]))
  if (counts.size > 1) {
    throw new InvalidInputError(
      `golden inputs and outputs have ${[...counts].join(' and ')} rows; they must have as many`,
      {
        param: 'golden',
      },
    )
  }
  return describeGolden({ source: 'given', tolerance: golden.tolerance ?? defaultTolerance }, inputs, outputs)
}
