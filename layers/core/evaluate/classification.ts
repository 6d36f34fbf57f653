/** Classification measured: accuracy, top-k, per class, confusion, calibration, and the mistakes it was surest of. */
import type { ClassificationEvaluation } from '../contract/index.ts'
import type { DataPart } from '../data/types.ts'
import { bestClass, classProbabilities, crossEntropy, type Predictions } from './predictions.ts'

const TOP = [1, 3, 5]
const BINS = 10
const MISTAKES = 25

/** Rank of the wanted class in a row, from 1; equals count in class order. */
const rankOf = ({ values, width }: Predictions, row: number, wanted: number): number => {
  const chance = values[row * width + wanted] as number
  let rank = 1
  for (let i = 0; i < width; i++) {
    const other = values[row * width + i] as number
    if (other > chance || (other === chance && i < wanted)) rank += 1
  }
  return rank
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/** Precision, recall and F1 of each class from the confusion matrix; 0 where a class was never predicted or never seen. */
export const perClass = (
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
): ClassificationEvaluation['perClass'] =>
  labels.map((label, index) => {
    const hits = confusion[index]?.[index] ?? 0
    const support = (confusion[index] ?? []).reduce((sum, count) => sum + count, 0)
    const predicted = confusion.reduce((sum, row) => sum + (row[index] ?? 0), 0)
    const [precision, recall] = [ratio(hits, predicted), ratio(hits, support)]
    return { label, support, precision, recall, f1: ratio(2 * precision * recall, precision + recall) }
  })

/**
 * Expected calibration error (Naeini et al., 2015) over ten bins of the winning class's probability:
 * how far, on average, what the model says differs from how often it is right.
 */
export const calibrate = (
  confidences: readonly number[],
  right: readonly boolean[],
): ClassificationEvaluation['calibration'] => {
  const bins = Array.from({ length: BINS }, (_, i) => ({
    from: i / BINS,
    to: (i + 1) / BINS,
    count: 0,
    sum: 0,
    hits: 0,
  }))
  confidences.forEach((confidence, index) => {
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))]
    if (!bin) return
    bin.count += 1
    bin.sum += confidence
    bin.hits += right[index] ? 1 : 0
  })
  const gap = bins.reduce((total, { count, hits, sum }) => total + (count === 0 ? 0 : Math.abs(hits - sum)), 0)
  return {
    expectedError: ratio(gap, confidences.length),
    bins: bins.map(({ count, from, hits, sum, to }) => ({
      from,
      to,
      count,
      confidence: ratio(sum, count),
      accuracy: ratio(hits, count),
    })),
  }
}

export const evaluateClasses = (
  outputs: Predictions,
  part: DataPart,
  labels: readonly string[],
  split: string,
): ClassificationEvaluation => {
  const predictions = classProbabilities(outputs)
  const { width, values } = predictions
  const confusion = labels.map(() => labels.map(() => 0))
  const hits = new Map(TOP.filter((k) => k === 1 || k < labels.length).map((k) => [k, 0]))
  const confidences: number[] = []
  const right: boolean[] = []
  const mistakes: { index: number; wanted: number; guess: number; confidence: number }[] = []
  let loss = 0
  for (let row = 0; row < part.examples; row++) {
    const wanted = part.targets[row] as number
    const guess = bestClass(predictions, row)
    const confidence = Math.min(1, Math.max(0, values[row * width + guess] as number))
    const rank = rankOf(predictions, row, wanted)
    for (const [k, count] of hits) if (rank <= k) hits.set(k, count + 1)
    const counts = confusion[wanted]
    if (counts) counts[guess] = (counts[guess] ?? 0) + 1
    loss += crossEntropy(predictions, row, wanted)
    confidences.push(confidence)
    right.push(guess === wanted)
    if (guess !== wanted) mistakes.push({ index: row, wanted, guess, confidence })
  }
  const examples = part.examples
  return {
    task: 'classification',
    split,
    examples,
    loss: ratio(loss, examples),
    accuracy: ratio(hits.get(1) ?? 0, examples),
    topK: Object.fromEntries([...hits].map(([k, count]) => [String(k), ratio(count, examples)])),
    labels: [...labels],
    perClass: perClass(confusion, labels),
    confusion,
    calibration: calibrate(confidences, right),
    mistakes: mistakes
      .sort((a, b) => b.confidence - a.confidence || a.index - b.index)
      .slice(0, MISTAKES)
      .map(({ confidence, guess, index, wanted }) => ({
        index,
        ...(part.sources?.[index] !== undefined && { source: part.sources[index] }),
        expected: labels[wanted] ?? String(wanted),
        predicted: labels[guess] ?? String(guess),
        confidence,
      })),
  }
}
