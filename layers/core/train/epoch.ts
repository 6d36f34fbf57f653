/** One pass over the training data, step by step, which can be left and re-entered between any two steps. */
import { setImmediate } from 'node:timers/promises'
import { batches } from '../data/batches.ts'
import { shuffledIndices } from '../data/random.ts'
import type { DataPart } from '../data/types.ts'
import { TrainingError } from '../errors.ts'
import type { StepEngine } from '../graph/types.ts'
import type { Progress } from './checkpoint.ts'
import { explainNaN } from './diagnose.ts'
import type { StepNews } from './progress.ts'
import { learningRateAt, type Schedule } from './schedule.ts'

export interface EpochInput {
  readonly data: DataPart
  readonly task: 'classification' | 'regression'
  /** What one of a regression target's standardised units is in its own; 1 for classes. */
  readonly unit: number
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly schedule: Schedule
  readonly seed: number
}

export interface EpochDeps {
  readonly engine: StepEngine
  readonly onStep: (news: StepNews) => void
  /** Milliseconds. */
  readonly now: () => number
  /** Asked after every step; anything but undefined ends the pass there. */
  readonly interrupted: () => 'stopped' | 'time_limit' | undefined
}

/** Milliseconds of training between two turns of the event loop, so that signals and timers are served. */
const TURN = 15

/** Trains from where `progress` stands to the end of its epoch, adding to its totals; says why it left early, if it did. */
export const trainEpoch = async (
  input: EpochInput,
  progress: Progress,
  deps: EpochDeps,
): Promise<'stopped' | 'time_limit' | undefined> => {
  const { data, batchSize, epochs, seed } = input
  const { epoch, totals } = progress
  const steps = Math.ceil(data.examples / batchSize)
  const order = shuffledIndices(data.examples, seed, epoch - 1)
  let turnAt = deps.now()
  const remaining = order.subarray(progress.step * batchSize)
  let startedAt = deps.now()
  for (const batch of batches(data, { batchSize, order: remaining })) {
    const step = (epoch - 1) * steps + progress.step
    const learningRate = learningRateAt(input.schedule, input.learningRate, step, epochs * steps)
    const result = deps.engine.step(batch, learningRate)
    if (!Number.isFinite(result.loss)) {
      const lastLoss = totals.examples > 0 ? { lastLoss: totals.loss / totals.examples } : {}
      const at = { epoch, step: progress.step + 1, learningRate, ...lastLoss }
      const indices = order.subarray(progress.step * batchSize, (progress.step + 1) * batchSize)
      throw new TrainingError(explainNaN(batch, at, indices, data.sources))
    }
    progress.step += 1
    totals.examples += batch.rows
    totals.loss += result.loss * batch.rows
    totals.correct += result.correct
    totals.gradientNorm += result.gradientNorm
    totals.seconds += (deps.now() - startedAt) / 1000
    startedAt = deps.now()
    deps.onStep({
      epoch,
      epochs,
      step: progress.step,
      steps,
      ...meansOf(input, totals),
      examples: batch.rows,
      examplesLeft: (epochs - epoch + 1) * data.examples - totals.examples,
    })
    if (deps.now() - turnAt >= TURN) {
      await setImmediate()
      turnAt = deps.now()
    }
    const interruption = deps.interrupted()
    if (interruption !== undefined && progress.step < steps) return interruption
  }
  return undefined
}

/** Loss and metric of the epoch so far, each the mean over its examples. */
export const meansOf = (
  { task, unit }: Pick<EpochInput, 'task' | 'unit'>,
  totals: Progress['totals'],
): { readonly loss: number; readonly metrics: Readonly<Record<string, number>> } => {
  const count = Math.max(1, totals.examples)
  const mean = totals.correct / count
  return { loss: totals.loss / count, metrics: task === 'classification' ? { accuracy: mean } : { mae: mean * unit } }
}
