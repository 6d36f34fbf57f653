/** Regression measured, errors in the target's own unit. */
import type { RegressionEvaluation } from '../contract/index.ts'
import type { DataPart } from '../data/types.ts'
import type { Predictions } from './predictions.ts'

const WORST = 25
const POINTS = 500

/** What a standardised value means: `value * std + mean`. */
export interface TargetUnit {
  readonly mean: number
  readonly std: number
}

/** `loss` stays in the standardised unit that training minimised; everything else is in the target's own. */
export const evaluateNumbers = (
  { values }: Predictions,
  part: DataPart,
  { mean, std }: TargetUnit,
  split: string,
): RegressionEvaluation => {
  const pairs = Array.from({ length: part.examples }, (_, index) => {
    const [expected, predicted] = [(part.targets[index] as number) * std + mean, (values[index] as number) * std + mean]
    return { index, expected, predicted, error: predicted - expected }
  })
  const count = Math.max(1, pairs.length)
  const average = pairs.reduce((sum, { expected }) => sum + expected, 0) / count
  const squares = pairs.reduce((sum, { error }) => sum + error * error, 0)
  const spread = pairs.reduce((sum, { expected }) => sum + (expected - average) ** 2, 0)
  const every = Math.max(1, Math.ceil(pairs.length / POINTS))
  return {
    task: 'regression',
    split,
    examples: part.examples,
    loss: squares / count / std ** 2,
    mse: squares / count,
    mae: pairs.reduce((sum, { error }) => sum + Math.abs(error), 0) / count,
    r2: spread === 0 ? (squares === 0 ? 1 : 0) : 1 - squares / spread,
    worst: [...pairs]
      .sort((a, b) => Math.abs(b.error) - Math.abs(a.error) || a.index - b.index)
      .slice(0, WORST)
      .map(({ expected, index, predicted }) => ({
        index,
        ...(part.sources?.[index] !== undefined && { source: part.sources[index] }),
        expected,
        predicted,
      })),
    points: pairs.filter(({ index }) => index % every === 0).map(({ expected, predicted }) => [expected, predicted]),
  }
}
