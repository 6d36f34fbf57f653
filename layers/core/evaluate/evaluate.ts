/** One evaluation of a model on one part of the data. */
import type { Evaluation } from '../contract/index.ts'
import type { DataPart } from '../data/types.ts'
import { InvalidInputError, TrainingError } from '../errors.ts'
import { evaluateClasses } from './classification.ts'
import { type Predictions, type Predictor, predictPart } from './predictions.ts'
import { evaluateNumbers, type TargetUnit } from './regression.ts'

export interface EvaluateInput {
  readonly part: DataPart
  /** Name of the part, e.g. `test`. */
  readonly split: string
  readonly task: 'classification' | 'regression'
  /** Class names by number; empty for regression. */
  readonly labels: readonly string[]
  /** Unit of a standardised regression target. @default mean 0, std 1 */
  readonly target?: TargetUnit
}

/** Nothing can be said about a model that predicts no numbers. */
const checkFinite = ({ values, width }: Predictions, { sources }: DataPart): void => {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  const example = Math.floor(bad / width)
  const source = sources?.[example]
  throw new TrainingError(
    `the model predicts ${values[bad]} for example ${example}${source === undefined ? '' : ` (${source})`}; its weights or this input are not finite`,
  )
}

/** Runs the model over the part once and measures it. InvalidInputError when there is nothing to measure, or the classes do not fit; TrainingError when predictions are no numbers. */
export const evaluate = async (input: EvaluateInput, predict: Predictor): Promise<Evaluation> => {
  const { labels, part, split, target = { mean: 0, std: 1 }, task } = input
  if (part.examples === 0) throw new InvalidInputError(`the ${split} data is empty; give it at least one example`)
  const outputs = await predictPart(part, predict)
  const wanted = task === 'regression' ? 1 : labels.length
  if (outputs.width !== wanted && !(wanted === 2 && outputs.width === 1))
    throw new InvalidInputError(
      `the model gives ${outputs.width} numbers a row, but the ${split} data has ${task === 'regression' ? 'one number to predict' : `${wanted} classes`}`,
    )
  checkFinite(outputs, part)
  return task === 'classification'
    ? evaluateClasses(outputs, part, labels, split)
    : evaluateNumbers(outputs, part, target, split)
}

/** The numbers a version is known by, e.g. `test_accuracy`. */
export const headlineOf = (evaluation: Evaluation): Record<string, number> => {
  const { split } = evaluation
  if (evaluation.task === 'regression')
    return {
      [`${split}_loss`]: evaluation.loss,
      [`${split}_mse`]: evaluation.mse,
      [`${split}_mae`]: evaluation.mae,
      [`${split}_r2`]: evaluation.r2,
    }
  const top = Object.entries(evaluation.topK).filter(([k]) => k !== '1')
  return {
    [`${split}_accuracy`]: evaluation.accuracy,
    [`${split}_loss`]: evaluation.loss,
    ...Object.fromEntries(top.map(([k, share]) => [`${split}_top_${k}_accuracy`, share])),
    [`${split}_calibration_error`]: evaluation.calibration.expectedError,
  }
}
