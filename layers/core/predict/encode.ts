/** Predictions into TensorFlow Serving response bodies: rows or columns, the name left out when there is one output. */
import type { NamedTensors, TensorData } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import type { Form } from './decode.ts'
import { writeNested } from './nested.ts'

export const encodePredictions = (outputs: NamedTensors, form: Form): Record<string, unknown> => {
  const columns = Object.entries(outputs).map(([name, tensor]) => {
    checkFinite(name, tensor)
    return [name, name.endsWith('_bytes') ? writeNested(asBytes(tensor)) : writeNested(tensor)] as const
  })
  const [only] = columns
  if (form === 'column') return { outputs: columns.length === 1 ? only?.[1] : Object.fromEntries(columns) }
  if (columns.length === 1) return { predictions: only?.[1] }
  const rows = only?.[1].length ?? 0
  return {
    predictions: Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(columns.map(([name, values]) => [name, values[row]])),
    ),
  }
}

/** JSON has no NaN and no Infinity; leaving them out or writing null would be a silently wrong answer. */
export const checkFinite = (name: string, { data, dtype, shape }: TensorData): void => {
  if (dtype !== 'float32') return
  const values = data as Float32Array
  const index = values.findIndex((value) => !Number.isFinite(value))
  if (index === -1) return
  const row = Math.floor(index / (values.length / (shape[0] ?? 1)))
  throw new InvalidInputError(
    `The model answers ${values[index]} in "${name}" for example ${row}, and JSON cannot carry it. Check that example's values: they may be far outside of what the model was trained on.`,
  )
}

/** TensorFlow Serving's rule: outputs whose name ends in `_bytes` are base64. */
const asBytes = (tensor: TensorData): TensorData =>
  tensor.dtype !== 'string'
    ? tensor
    : {
        ...tensor,
        data: (tensor.data as readonly string[]).map((text) => ({
          b64: Buffer.from(text).toString('base64'),
        })) as never,
      }
