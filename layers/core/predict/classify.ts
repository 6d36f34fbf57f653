/** Scores of a classifier into labels, best first. */
import { InvalidInputError } from '@maas/core/errors'
import type { Prediction } from './types.ts'

export type Ranked = readonly (readonly [label: string, score: number])[]

/** One ranking per example. A single score per example is the probability of the second of two classes. */
export const rank = ({ model, outputs }: Pick<Prediction, 'model' | 'outputs'>): Ranked[] => {
  const [output, ...others] = Object.values(outputs)
  const classes = output?.shape.at(-1) ?? 0
  const binary = classes === 1 && model.labels.length === 2
  if (output === undefined || others.length > 0 || output.shape.length !== 2 || (classes < 2 && !binary)) {
    const shapes = Object.entries(outputs).map(([name, { shape }]) => `"${name}" [${shape.join(', ')}]`)
    throw new InvalidInputError(
      `"${model.name}" is not a classifier: it answers ${shapes.join(', ')}; a classifier answers one score per class. Use :predict.`,
    )
  }
  const width = binary ? 2 : classes
  const labels =
    model.labels.length === width ? model.labels : Array.from({ length: width }, (_, index) => String(index))
  const scores = output.data as Float32Array
  return Array.from({ length: output.shape[0] ?? 0 }, (_, row) => {
    const own = binary
      ? [1 - (scores[row] ?? 0), scores[row] ?? 0]
      : Array.from(scores.subarray(row * classes, (row + 1) * classes))
    checkFinite(own, row)
    return own.map((score, index) => [labels[index] ?? String(index), score] as const).sort(([, a], [, b]) => b - a)
  })
}

const checkFinite = (scores: readonly number[], row: number): void => {
  const bad = scores.find((score) => !Number.isFinite(score))
  if (bad === undefined) return
  throw new InvalidInputError(`The model answers ${bad} for example ${row}; check that example's values.`)
}
