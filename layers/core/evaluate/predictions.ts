/** Predictions over a whole part of the data, and the two figures that every epoch is judged by. */
import { setImmediate } from 'node:timers/promises'
import { sizeOf } from '../contract/index.ts'
import type { DataPart } from '../data/types.ts'

/** Rows to run at once: large enough to keep the kernels busy, small enough to keep memory low. */
export const predictRows = 256

/** Keras' `epsilon()`: probabilities are kept this far from 0 and 1 before their logarithm. */
const EPSILON = 1e-7

/** Runs the model on raw rows; returns `[rows, outputs]`, row-major. */
export type Predictor = (batch: {
  readonly features: Uint8Array | Float32Array
  readonly rows: number
  readonly rowShape: readonly number[]
}) => Float32Array | Promise<Float32Array>

/** The model's outputs for a part, `width` values a row. */
export interface Predictions {
  readonly values: Float32Array
  readonly width: number
}

/** Runs every example once, in order, with a turn of the event loop between batches. */
export const predictPart = async (part: DataPart, predict: Predictor): Promise<Predictions> => {
  const size = sizeOf(part.rowShape)
  const outputs: Float32Array[] = []
  for (let start = 0; start < part.examples; start += predictRows) {
    const rows = Math.min(predictRows, part.examples - start)
    const features = part.features.subarray(start * size, (start + rows) * size)
    outputs.push(await predict({ features, rows, rowShape: part.rowShape }))
    await setImmediate()
  }
  const values = new Float32Array(outputs.reduce((total, { length }) => total + length, 0))
  let offset = 0
  for (const output of outputs) {
    values.set(output, offset)
    offset += output.length
  }
  return { values, width: values.length / Math.max(1, part.examples) }
}

/** A single sigmoid output is the probability of class 1; written out as both classes' probabilities. */
export const classProbabilities = ({ values, width }: Predictions): Predictions => {
  if (width !== 1) return { values, width }
  const both = new Float32Array(values.length * 2)
  values.forEach((value, row) => {
    both[2 * row] = 1 - value
    both[2 * row + 1] = value
  })
  return { values: both, width: 2 }
}

/** Class of the largest probability in a row; the first of equals, as argMax does it. */
export const bestClass = ({ values, width }: Predictions, row: number): number => {
  let best = 0
  for (let i = 1; i < width; i++)
    if ((values[row * width + i] as number) > (values[row * width + best] as number)) best = i
  return best
}

/** Cross-entropy of one row, clipped as Keras clips it. */
export const crossEntropy = ({ values, width }: Predictions, row: number, wanted: number): number => {
  const chances = values.subarray(row * width, (row + 1) * width)
  const sum = chances.reduce((total, chance) => total + chance, 0)
  const chance = (chances[wanted] ?? 0) / sum
  return -Math.log(Math.min(1 - EPSILON, Math.max(EPSILON, chance)))
}

/** Mean loss without regularisation, and accuracy or mean absolute error (in the target's own unit by `unit`). */
export const quickMetrics = (
  predictions: Predictions,
  part: DataPart,
  task: 'classification' | 'regression',
  unit = 1,
): Record<string, number> => {
  const { examples, targets } = part
  let [loss, second] = [0, 0]
  const chances = task === 'classification' ? classProbabilities(predictions) : predictions
  for (let row = 0; row < examples; row++) {
    const target = targets[row] as number
    if (task === 'classification') {
      loss += crossEntropy(chances, row, target)
      second += bestClass(chances, row) === target ? 1 : 0
    } else {
      const error = (predictions.values[row] as number) - target
      loss += error * error
      second += Math.abs(error) * unit
    }
  }
  return { loss: loss / examples, [task === 'classification' ? 'accuracy' : 'mae']: second / examples }
}
