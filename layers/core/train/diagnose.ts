/** Names in words what a run's numbers say: which epoch was best, when it began to overfit, why the loss is not a number. */
import type { Batch } from '../graph/types.ts'

export type Metrics = Readonly<Record<string, number>>

/** What decides between epochs, measured on validation data; ties of accuracy go to the lower loss. `none`: without validation data the last epoch wins. */
export type Monitor = 'val_accuracy' | 'val_loss' | 'none'

/** Whether `candidate` is the better epoch. */
export const isBetter = (monitor: Monitor, candidate: Metrics, best: Metrics | undefined): boolean => {
  if (best === undefined || monitor === 'none') return true
  const [now, then] = [candidate[monitor] ?? Number.NaN, best[monitor] ?? Number.NaN]
  if (monitor === 'val_accuracy' && now === then) return (candidate.val_loss ?? 0) < (best.val_loss ?? 0)
  return monitor === 'val_loss' ? now < then : now > then
}

/** Validation loss must stand this share above its lowest, for two epochs in a row, before it is called overfitting. */
const RISE = 0.02

export interface Overfitting {
  /** First epoch after the one with the lowest validation loss. */
  readonly since: number
  readonly message: string
}

const figure = (value: number): string => value.toPrecision(3)

/**
 * Overfitting in the epochs so far: validation loss turned and stayed above its lowest while training loss kept falling.
 * Undefined when it did not.
 */
export const findOverfitting = (epochs: readonly Metrics[]): Overfitting | undefined => {
  const losses = epochs.map(({ val_loss = Number.NaN }) => val_loss)
  const lowest = losses.reduce((best, loss, index) => (loss < (losses[best] as number) ? index : best), 0)
  const [best, last, before] = [epochs[lowest], epochs.at(-1), losses.at(-2)]
  if (!best || !last || before === undefined || epochs.length - lowest < 3) return undefined
  const [low, now] = [losses[lowest] as number, losses.at(-1) as number]
  const [lossThen, lossNow] = [best.loss ?? Number.NaN, last.loss ?? Number.NaN]
  const risen = now > low * (1 + RISE) && before > low * (1 + RISE)
  if (!risen || !(lossNow < lossThen)) return undefined
  const accuracy =
    last.accuracy !== undefined && last.val_accuracy !== undefined
      ? ` Accuracy is now ${figure(last.accuracy)} on training data and ${figure(last.val_accuracy)} on validation data.`
      : ''
  const since = lowest + 2
  return {
    since,
    message:
      `Overfitting since epoch ${since}: validation loss has risen from ${figure(low)} (epoch ${lowest + 1}) to ${figure(now)} ` +
      `(epoch ${epochs.length}) while training loss kept falling, ${figure(lossThen)} to ${figure(lossNow)}.${accuracy} ` +
      'The net learns its training examples by heart. Try more data, augment=true, dropout=0.3, l2=0.0001, a smaller net, or early_stopping_patience=3.',
  }
}

/** Says so when the training loss ends no lower than it began: nothing was learned. Undefined for a single epoch. */
export const findStandstill = (epochs: readonly Metrics[]): string | undefined => {
  const [first, last] = [epochs[0]?.loss, epochs.at(-1)?.loss]
  if (epochs.length < 2 || first === undefined || last === undefined || last < first) return undefined
  return (
    `Training loss has not fallen: ${figure(first)} in epoch 1, ${figure(last)} in epoch ${epochs.length}. ` +
    'The model learned nothing. Try a learning rate ten times lower, and check that labels and examples belong together.'
  )
}

/** Rows of the batch that hold NaN or an infinity. */
const badRows = ({ features, rows, rowShape }: Batch): number[] => {
  const size = rowShape.reduce((product, dimension) => product * dimension, 1)
  return Array.from({ length: rows }, (_, row) => row).filter(
    (row) => !features.subarray(row * size, (row + 1) * size).every(Number.isFinite),
  )
}

/** Why the loss of a step is not a number, and what to do about it. */
export const explainNaN = (
  batch: Batch,
  at: { readonly epoch: number; readonly step: number; readonly learningRate: number; readonly lastLoss?: number },
  indices: ArrayLike<number>,
  sources: readonly string[] | undefined,
): string => {
  const where = `the loss is not a number in epoch ${at.epoch}, step ${at.step}`
  const bad = badRows(batch).map((row) => sources?.[indices[row] ?? -1] ?? `example ${indices[row]}`)
  if (bad.length > 0)
    return `${where}: the training data itself holds NaN or infinite values (${bad.slice(0, 3).join(', ')}${bad.length > 3 ? `, and ${bad.length - 3} more` : ''}); repair or remove those examples`
  if (!batch.targets.every(Number.isFinite))
    return `${where}: targets of the training data are NaN or infinite; repair or remove those examples`
  const before = at.lastLoss === undefined ? 'at the very first step' : `after a loss of ${figure(at.lastLoss)}`
  return `${where}, ${before}: ${tooHigh(at.learningRate)}`
}

/** Why numbers overflow in good data. */
export const tooHigh = (learningRate: number): string =>
  `the numbers overflowed, most often because the learning rate of ${learningRate} is too high. ` +
  `Try learning_rate=${Number((learningRate / 10).toPrecision(2))}, and check that features are scaled to about -1..1`

/**
 * How far the kept epoch was ahead on its own training data, for a gate to bound: accuracy less validation accuracy, or for
 * numbers the mean error on validation data less that on training data. Nothing where nothing was validated.
 */
export const overfittingGap = (metrics: Metrics): Record<string, number> => {
  const { accuracy, val_accuracy, mae, val_mae } = metrics
  if (accuracy !== undefined && val_accuracy !== undefined) return { overfitting_gap: accuracy - val_accuracy }
  if (mae !== undefined && val_mae !== undefined) return { overfitting_gap: val_mae - mae }
  return {}
}
