/** The training loop: epochs until the limit, the clock, a signal or the validation data says stop; leaves the best epoch's weights in the model. */
import type { History, Report } from '../contract/index.ts'
import { TrainingError } from '../errors.ts'
import type { StepEngine } from '../graph/types.ts'
import type { CheckpointStore, Progress } from './checkpoint.ts'
import { findOverfitting, findStandstill, isBetter, type Metrics, type Monitor, tooHigh } from './diagnose.ts'
import { type EpochInput, meansOf, trainEpoch } from './epoch.ts'
import { stepReporter } from './progress.ts'
import type { NamedArray } from './safetensors.ts'
import { learningRateAt } from './schedule.ts'

export interface TrainInput extends EpochInput {
  /** What the run is about: a checkpoint of another identity is refused. */
  readonly identity: string
  readonly monitor: Monitor
  /** Epochs without a better one before training stops; 0 never stops early. */
  readonly patience: number
  /** Training stops when an epoch's mean gradient norm falls below this; 0 never. */
  readonly minGradientNorm: number
  /** Seconds of training, over all resumed runs, after which the epoch under way is the last. */
  readonly maxSeconds: number
}

export interface TrainDeps {
  readonly engine: StepEngine
  /** The weights of the layers model, moving statistics included, in the model's order. */
  readonly weights: { read(): NamedArray[]; write(weights: readonly NamedArray[]): void }
  /** Loss and metric on validation data with the model's current weights: `{ loss, accuracy }` or `{ loss, mae }`; empty without such data. */
  readonly validate: () => Metrics | Promise<Metrics>
  readonly checkpoints?: CheckpointStore
  readonly report: Report
  /** Milliseconds. */
  readonly now: () => number
  /** Aborting finishes the step under way, writes a checkpoint and stops. */
  readonly signal?: AbortSignal
}

type Finish = 'completed' | 'early_stopped' | 'small_gradient' | 'time_limit'
/** `stopped` leaves a checkpoint to go on from; the others are ends. */
export type EndReason = Finish | 'stopped'

export interface TrainResult {
  readonly reason: EndReason
  readonly history: History
  /** Metrics of the best epoch; empty when the first epoch was not finished. */
  readonly metrics: Metrics
  readonly seconds: number
}

const freshTotals = (): Progress['totals'] => ({ examples: 0, loss: 0, correct: 0, gradientNorm: 0, seconds: 0 })

/** Trains; with the same seed and a checkpoint, a stopped run ends with the same weights as one that never stopped. */
export const train = async (input: TrainInput, deps: TrainDeps): Promise<TrainResult> => {
  const { engine, report, weights } = deps
  const { progress, best: resumed } = await begin(input, deps)
  let best = resumed
  const { epochs, notices } = progress.history
  const onStep = stepReporter(report, deps.now)
  let lastTick = deps.now()
  const tick = (): number => {
    const now = deps.now()
    progress.seconds += (now - lastTick) / 1000
    lastTick = now
    return progress.seconds
  }
  const notice = (level: 'info' | 'warning', code: string, message: string): void => {
    const at = notices.findIndex((earlier) => earlier.code === code)
    notices.splice(at < 0 ? notices.length : at, 1, { level, code, message })
    report({ event: 'notice', level, code, message })
  }
  const save = async (): Promise<void> => {
    if (!deps.checkpoints) return
    tick()
    engine.sync()
    const { step: optimizerStep, slots } = engine.saveOptimizer()
    const state = { identity: input.identity, progress, optimizerStep, weights: weights.read(), best, slots }
    const epoch = progress.step === 0 ? progress.epoch - 1 : progress.epoch
    report({ event: 'checkpoint', epoch, path: await deps.checkpoints.save(state) })
  }
  const interrupted = (): 'stopped' | 'time_limit' | undefined =>
    deps.signal?.aborted ? 'stopped' : tick() >= input.maxSeconds ? 'time_limit' : undefined

  const ended = (why: EndReason): TrainResult => ({
    reason: why,
    history: { ...progress.history, bestEpoch: progress.best?.epoch ?? 0 },
    metrics: progress.best?.metrics ?? {},
    seconds: tick(),
  })

  let reason = stopReason(input, progress)
  while (reason === undefined) {
    const left = await trainEpoch(input, progress, { engine, onStep, now: deps.now, interrupted })
    if (left === 'stopped') {
      await save()
      return ended('stopped')
    }
    engine.sync()
    const metrics = epochMetrics(input, progress, await deps.validate())
    const isBest = isBetter(input.monitor, metrics, progress.best?.metrics)
    if (isBest) {
      progress.best = { epoch: progress.epoch, metrics }
      best = weights.read()
    }
    epochs.push(metrics)
    const { epoch } = progress
    report({ event: 'epoch', epoch, epochs: input.epochs, metrics, seconds: metrics.seconds ?? 0, best: isBest })
    const overfitting = findOverfitting(epochs)
    if (overfitting && !notices.some(({ code }) => code === 'overfitting'))
      notice('warning', 'overfitting', overfitting.message)
    Object.assign(progress, { epoch: epoch + 1, step: 0, totals: freshTotals() })
    await save()
    reason = stopReason(input, progress) ?? interrupted()
  }
  if (reason === 'stopped') return ended(reason)
  const overfitting = findOverfitting(epochs)
  if (overfitting && !notices.some(({ message }) => message === overfitting.message))
    notice('warning', 'overfitting', overfitting.message)
  const standstill = findStandstill(epochs)
  if (standstill) notice('warning', 'not_learning', standstill)
  describeEnd(input, progress, reason, notice)
  weights.write(best)
  engine.reload()
  return ended(reason)
}

/** A fresh start, or the state of a checkpoint put back into model and optimiser. */
const begin = async (
  input: TrainInput,
  { checkpoints, engine, report, weights }: TrainDeps,
): Promise<{ progress: Progress; best: readonly NamedArray[] }> => {
  const checkpoint = await checkpoints?.load()
  if (!checkpoint) {
    const progress = { epoch: 1, step: 0, totals: freshTotals(), history: { epochs: [], notices: [] }, seconds: 0 }
    return { progress, best: [] }
  }
  if (checkpoint.identity !== input.identity)
    throw new TrainingError(
      'the checkpoint found belongs to another run (other data, model or hyperparameters); resume with the same settings, or delete the checkpoint folder to train from the start',
    )
  const { best, optimizerStep, progress, slots } = checkpoint
  weights.write(checkpoint.weights)
  engine.reload()
  engine.restoreOptimizer({ step: optimizerStep, slots })
  const message = `Resumed at epoch ${progress.epoch}, after step ${progress.step}, from a checkpoint.`
  report({ event: 'notice', level: 'info', code: 'resumed', message })
  return { progress, best }
}

/** Derived from the history alone, so that a resumed run decides as the first one did. */
const stopReason = (input: TrainInput, { best, epoch, history }: Progress): EndReason | undefined => {
  const done = history.epochs.length
  const norm = history.epochs.at(-1)?.gradient_norm
  if (norm !== undefined && norm < input.minGradientNorm) return 'small_gradient'
  if (input.patience > 0 && best !== undefined && done - best.epoch >= input.patience && epoch <= input.epochs)
    return 'early_stopped'
  return epoch > input.epochs ? 'completed' : undefined
}

/** One row of the history: training and validation means, gradient norm, learning rate, seconds. */
const epochMetrics = (input: TrainInput, progress: Progress, validation: Metrics): Metrics => {
  const { epoch, step, totals } = progress
  const steps = Math.ceil(input.data.examples / input.batchSize)
  const { loss, metrics } = meansOf(input, totals)
  const lastStep = (epoch - 1) * steps + step - 1
  const row: Record<string, number> = { loss, ...metrics }
  for (const [name, value] of Object.entries(validation)) row[`val_${name}`] = value
  if (input.monitor !== 'none' && !Number.isFinite(row.val_loss))
    throw new TrainingError(
      `the validation loss is not a number after epoch ${epoch}: ${tooHigh(input.learningRate)}; or the validation data holds NaN`,
    )
  return {
    ...row,
    gradient_norm: totals.gradientNorm / Math.max(1, step),
    learning_rate: learningRateAt(input.schedule, input.learningRate, lastStep, input.epochs * steps),
    seconds: totals.seconds,
  }
}

const monitorWords: Record<Monitor, string> = {
  val_accuracy: 'the best by validation accuracy',
  val_loss: 'the best by validation loss',
  none: 'the last, as there is no validation data to choose by',
}

const describeEnd = (
  { minGradientNorm, monitor, patience }: TrainInput,
  { best, history }: Progress,
  reason: Finish,
  notice: (level: 'info', code: string, message: string) => void,
): void => {
  const last = history.epochs.length
  const value = best?.metrics[monitor]
  const kept = `the weights of epoch ${best?.epoch} are kept, ${monitorWords[monitor]}${value === undefined ? '' : ` (${value.toPrecision(3)})`}`
  const words: Record<Finish, string> = {
    completed: last === 1 ? 'The only epoch is done' : `All ${last} epochs done`,
    early_stopped: `Stopped early after epoch ${last}: ${patience} epochs in a row brought nothing better`,
    small_gradient: `Stopped after epoch ${last}: the gradient's mean norm fell below ${minGradientNorm}`,
    time_limit: `Stopped in epoch ${last}: the time limit is reached`,
  }
  notice('info', 'best_epoch', `${words[reason]}; ${kept}.`)
}
