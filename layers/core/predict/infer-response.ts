/** Predictions into responses of the Open Inference Protocol: values in JSON, or bytes behind it. */
import type { InferOutput, InferResponse, TensorData } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import { datatypes, toByteStrings } from './datatypes.ts'
import { checkFinite } from './encode.ts'
import type { WantedOutput } from './infer-request.ts'
import type { Prediction } from './types.ts'

export interface EncodedInfer {
  readonly response: InferResponse
  /** Bytes of the binary outputs, in order. */
  readonly tail: readonly Uint8Array[]
}

export const encodeInfer = (
  { model, outputs }: Pick<Prediction, 'model' | 'outputs'>,
  wanted: readonly WantedOutput[],
  id: string | undefined,
): EncodedInfer => {
  const tail: Uint8Array[] = []
  const encoded = wanted.map(({ name, binary, classification }): InferOutput => {
    const scores = outputs[name] as TensorData
    const tensor = classification === undefined ? scores : classified(name, scores, classification, model.labels)
    const head = { name, datatype: datatypes[tensor.dtype], shape: [...tensor.shape] }
    if (!binary) {
      checkFinite(name, tensor)
      return { ...head, data: valuesOf(tensor) }
    }
    const bytes = bytesOf(tensor)
    tail.push(bytes)
    return { ...head, parameters: { binary_data_size: bytes.byteLength } }
  })
  return {
    response: {
      model_name: model.name,
      model_version: String(model.version),
      ...(id !== undefined && { id }),
      outputs: encoded,
    },
    tail,
  }
}

const valuesOf = ({ dtype, data }: TensorData): unknown[] =>
  dtype === 'bool' ? Array.from(data as Uint8Array, (value) => value !== 0) : [...data]

const bytesOf = ({ data }: TensorData): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : toByteStrings(data)

/** The k best of each row as `score:index:label`, best first; without labels `score:index`. */
const classified = (
  name: string,
  { dtype, shape, data }: TensorData,
  k: number,
  labels: readonly string[],
): TensorData => {
  const classes = shape[1] ?? 0
  if (shape.length !== 2 || dtype === 'string') {
    throw new InvalidInputError(
      `outputs: "${name}" has the shape [${shape.join(', ')}]; classification needs one score per class, [rows, classes].`,
      { param: 'outputs' },
    )
  }
  checkFinite(name, { dtype, shape, data })
  const best = Math.min(k, classes)
  const scores = data as Exclude<TensorData['data'], readonly string[]>
  const texts = Array.from({ length: shape[0] ?? 0 }, (_, row) =>
    Array.from(scores.subarray(row * classes, (row + 1) * classes), (score, index) => ({ score, index }))
      .sort((a, b) => b.score - a.score)
      .slice(0, best)
      .map(({ score, index }) => `${score}:${index}${labels.length === classes ? `:${labels[index]}` : ''}`),
  )
  return { dtype: 'string', shape: [shape[0] ?? 0, best], data: texts.flat() }
}
