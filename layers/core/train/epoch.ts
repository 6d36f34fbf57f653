/** One pass over the training data, step by step, which can be left and re-entered between any two steps. */
import { setImmediate } from 'node:timers/promises'
import { mixSeed, randomNumbers, shuffledIndices } from '../data/random.ts'
import type { DataPart } from '../data/types.ts'
import { TrainingError } from '../errors.ts'
import type { Batch, StepEngine } from '../graph/types.ts'
import { augmentBatch } from './augment.ts'
import type { Progress } from './checkpoint.ts'
import { explainNaN } from './diagnose.ts'
import type { StepNews } from './progress.ts'
import { learningRateAt, type Schedule } from './schedule.ts'

export interface EpochInput {
  readonly data: DataPart
  readonly task: 'classification' | 'regression'
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly schedule: Schedule
  readonly augment: boolean
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

/** The examples at `indices`, in that order. */
export const takeBatch = (part: DataPart, indices: Uint32Array): Batch => {
  const { features, targets, rowShape } = part
  const size = rowShape.reduce((product, dimension) => product * dimension, 1)
  const rows = indices.length
  const taken = features instanceof Uint8Array ? new Uint8Array(rows * size) : new Float32Array(rows * size)
  const answers = targets instanceof Int32Array ? new Int32Array(rows) : new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const index = indices[row] as number
    taken.set(features.subarray(index * size, (index + 1) * size), row * size)
    answers[row] = targets[index] as number
  }
  return { features: taken, targets: answers, rows, rowShape }
}

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
  while (progress.step < steps) {
    const startedAt = deps.now()
    const indices = order.subarray(progress.step * batchSize, (progress.step + 1) * batchSize)
    const step = (epoch - 1) * steps + progress.step
    const learningRate = learningRateAt(input.schedule, input.learningRate, step, epochs * steps)
    const drawn = takeBatch(data, indices)
    const batch = input.augment ? augmentBatch(drawn, randomNumbers(mixSeed(seed, epoch, progress.step + 1))) : drawn
    const result = deps.engine.step(batch, learningRate)
    if (!Number.isFinite(result.loss)) {
      const lastLoss = totals.examples > 0 ? { lastLoss: totals.loss / totals.examples } : {}
      const at = { epoch, step: progress.step + 1, learningRate, ...lastLoss }
      throw new TrainingError(explainNaN(batch, at, indices, data.sources))
    }
    progress.step += 1
    totals.examples += batch.rows
    totals.loss += result.loss * batch.rows
    totals.correct += result.correct
    totals.gradientNorm += result.gradientNorm
    totals.seconds += (deps.now() - startedAt) / 1000
    deps.onStep({
      epoch,
      epochs,
      step: progress.step,
      steps,
      ...meansOf(input.task, totals),
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
  task: EpochInput['task'],
  totals: Progress['totals'],
): { readonly loss: number; readonly metrics: Readonly<Record<string, number>> } => {
  const count = Math.max(1, totals.examples)
  const mean = totals.correct / count
  return { loss: totals.loss / count, metrics: task === 'classification' ? { accuracy: mean } : { mae: mean } }
}
