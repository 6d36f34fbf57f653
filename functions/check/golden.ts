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
import { InvalidInputError, messageOf } from '@maas/core/errors'

const toTensor = ({ shape, values }: NpyArray, spec: TensorSpec, file: string): TensorData => {
  if (spec.dtype === 'string') {
    throw new InvalidInputError(
      `${file}: ${spec.name} is text, which golden files cannot hold; push it without --golden`,
    )
  }
  const fits =
    shape.length === spec.shape.length && spec.shape.every((size, axis) => size === -1 || size === shape[axis])
  if (!fits || sizeOf(shape) === 0) {
    const wanted = spec.shape.map((size) => (size === -1 ? 'any' : size)).join(', ')
    throw new InvalidInputError(`${file}: ${spec.name} has shape [${shape.join(', ')}]; the model says [${wanted}]`)
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
        throw new InvalidInputError(`${path} has ${names}; it needs an array named ${spec.name}`)
      }
      return [spec.name, toTensor(array, spec, path)]
    }),
  )
}

/** A person's own goldens are a condition: whatever is wrong with them refuses the model, never its certificate alone. */
const givenGolden = async (
  given: NonNullable<ImportRequest['golden']>,
  directory: string,
  signature: Signature,
): Promise<GoldenTensors> => {
  const inputs = await readTensors(directory, given.inputs, signature.inputs)
  const outputs = await readTensors(directory, given.outputs, signature.outputs)
  const counts = new Set([...Object.values(inputs), ...Object.values(outputs)].map(({ shape }) => shape[0]))
  if (counts.size > 1) {
    throw new InvalidInputError(
      `golden inputs and outputs have ${[...counts].join(' and ')} rows; they must have as many`,
    )
  }
  return describeGolden({ source: 'given', tolerance: given.tolerance ?? defaultTolerance }, inputs, outputs)
}

/**
 * InvalidInputError when the golden files cannot be used.
 * @param reference answers of the eager path, which generated goldens are made of
 */
export const goldenOf = async (
  { golden }: Pick<ImportRequest, 'golden'>,
  directory: string,
  signature: Signature,
  reference: (inputs: NamedTensors) => Promise<NamedTensors>,
): Promise<GoldenTensors> => {
  if (golden === undefined) return generateGolden(signature, reference)
  return givenGolden(golden, directory, signature).catch((error: unknown) => {
    throw new InvalidInputError(messageOf(error), { param: 'golden', cause: error })
  })
}
