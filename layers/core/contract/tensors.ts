/** Tensors as plain data: what crosses a process, a wire or a file, without any TensorFlow type. */
import * as z from 'zod'

export const dtypeSchema = z.enum(['float32', 'int32', 'bool', 'uint8', 'string'])
export type DType = z.infer<typeof dtypeSchema>

/** -1 is a dimension of any size; the first dimension of every served tensor is the batch. */
export const tensorSpecSchema = z.object({
  name: z.string().min(1),
  dtype: dtypeSchema,
  shape: z.array(z.number().int().min(-1)),
})
export type TensorSpec = z.infer<typeof tensorSpecSchema>

/** What a model takes and gives, in the model's own order. */
export const signatureSchema = z.object({
  inputs: z.array(tensorSpecSchema).min(1),
  outputs: z.array(tensorSpecSchema).min(1),
})
export type Signature = z.infer<typeof signatureSchema>

/** Row-major values; `data.length` is the product of `shape`. Bools are 0/1 bytes. */
export interface TensorData {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array | readonly string[]
}

/** Tensors by input or output name. */
export type NamedTensors = Readonly<Record<string, TensorData>>

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
