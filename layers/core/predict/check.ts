/** Input tensors against the model's signature, whoever built them: names, dtypes, shapes, sizes, finite values, equal batches. */
import { type NamedTensors, type Signature, sizeOf, type TensorData, type TensorSpec } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import { shapeText } from './nested.ts'

/** Where the first number is that is infinite or none; -1 when all are finite. */
type FirstNotFinite = (values: Float32Array) => number

/** The number of rows; InvalidInputError names the input and what it takes. */
export const checkTensors = (
  tensors: NamedTensors,
  { inputs }: Signature,
  find: FirstNotFinite = firstNotFinite,
): number => {
  const known = inputs.map(({ name }) => `"${name}"`).join(', ')
  for (const name of Object.keys(tensors)) {
    if (!inputs.some((spec) => spec.name === name)) refuse(name, `is not an input of this model; it takes ${known}`)
  }
  const counts = inputs.map((spec) => {
    const tensor = Object.hasOwn(tensors, spec.name) ? tensors[spec.name] : undefined
    return tensor === undefined
      ? refuse(spec.name, `is missing; this model takes ${known}`)
      : checkTensor(tensor, spec, find)
  })
  const [rows = 0] = counts
  const other = counts.findIndex((count) => count !== rows)
  if (other !== -1) refuse(inputs[other]?.name, `got ${counts[other]} rows; "${inputs[0]?.name}" has ${rows}`)
  return rows
}

const checkTensor = ({ dtype, shape, data }: TensorData, spec: TensorSpec, find: FirstNotFinite): number => {
  if (dtype !== spec.dtype) refuse(spec.name, `got ${dtype}; it takes ${spec.dtype}`)
  const fits = shape.length === spec.shape.length && spec.shape.every((size, at) => size === -1 || size === shape[at])
  if (!fits) refuse(spec.name, `got the shape ${shapeText(shape)}; it takes ${shapeText(spec.shape)}`)
  if (sizeOf(shape) === 0) refuse(spec.name, `got the empty shape ${shapeText(shape)}; send at least one example`)
  if (data.length !== sizeOf(shape)) {
    refuse(spec.name, `got ${data.length} values; the shape ${shapeText(shape)} holds ${sizeOf(shape)}`)
  }
  if (data instanceof Float32Array) {
    const at = find(data)
    if (at !== -1) refuse(spec.name, `got ${data[at]} at position ${at}; only finite numbers are taken`)
  }
  return shape[0] ?? 0
}

/**
 * Where there are no native kernels, which take a third of the time. A number that is not finite, times zero, is no number, and
 * neither is a sum with it. Four sums, so that none waits for the one before.
 */
const firstNotFinite: FirstNotFinite = (data) => {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = data.length - (data.length % 4)
  for (let at = 0; at < whole; at += 4) {
    a += (data[at] as number) * 0
    b += (data[at + 1] as number) * 0
    c += (data[at + 2] as number) * 0
    d += (data[at + 3] as number) * 0
  }
  for (let at = whole; at < data.length; at++) a += (data[at] as number) * 0
  return a + b + c + d === 0 ? -1 : data.findIndex((value) => !Number.isFinite(value))
}

const refuse = (name: string | undefined, message: string): never => {
  throw new InvalidInputError(`The input "${name}" ${message}.`, { param: `inputs.${name}` })
}
