import type { ClassificationEvaluation } from '@maas/core/contract'
import { evaluate, headlineOf } from '@maas/core/evaluate'
import { describe, expect, it } from 'vitest'

/** Six examples of three classes; the features are the probabilities the "model" gives back. */
const rows = [
  [0.72, 0.18, 0.1],
  [0.62, 0.28, 0.1],
  [0.1, 0.82, 0.08],
  [0.25, 0.3, 0.45],
  [0.03, 0.05, 0.92],
  [0.95, 0.03, 0.02],
]
const targets = [0, 0, 1, 1, 2, 2]
const partOf = (probabilities: number[][], classes: number[]) => ({
  examples: classes.length,
  rowShape: [probabilities[0]?.length ?? 0],
  features: Float32Array.from(probabilities.flat()),
  targets: Int32Array.from(classes),
  sources: classes.map((_, i) => `file-${i}.png`),
})
const echo = ({ features }: { features: Uint8Array | Float32Array }) => features as Float32Array
const measure = (probabilities = rows, classes = targets, labels = ['cat', 'dog', 'owl']) =>
  evaluate(
    { part: partOf(probabilities, classes), split: 'test', task: 'classification', labels },
    echo,
  ) as Promise<ClassificationEvaluation>

describe('evaluating a classifier', () => {
  it('counts what was right, and what was among the first k', async () => {
    const result = await measure()
    expect(result).toMatchObject({ examples: 6, split: 'test', labels: ['cat', 'dog', 'owl'] })
    expect(result.accuracy).toBeCloseTo(4 / 6, 12)
    expect(Object.keys(result.topK)).toEqual(['1'])
    const five = await measure([[0.5, 0.3, 0.1, 0.06, 0.04]], [2], ['a', 'b', 'c', 'd', 'e'])
    expect(five.topK).toEqual({ '1': 0, '3': 1 })
  })

  it('takes the mean cross-entropy, clipped as Keras clips it', async () => {
    const expected = -[0.72, 0.62, 0.82, 0.3, 0.92, 0.02].reduce((sum, p) => sum + Math.log(p), 0) / 6
    expect((await measure()).loss).toBeCloseTo(expected, 6)
    expect((await measure([[1, 0, 0]], [1])).loss).toBeCloseTo(-Math.log(1e-7), 6)
  })

  it('lays out confusion with true classes as rows, and each class by precision, recall and F1', async () => {
    const { confusion, perClass } = await measure()
    expect(confusion).toEqual([
      [2, 0, 0],
      [0, 1, 1],
      [1, 0, 1],
    ])
    expect(perClass[0]).toEqual({ label: 'cat', support: 2, precision: 2 / 3, recall: 1, f1: 0.8 })
    expect(perClass[1]).toMatchObject({ precision: 1, recall: 0.5, f1: 2 / 3 })
    expect(perClass[2]).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5 })
  })

  it('gives zeros, not NaN, to a class that never came up', async () => {
    const { perClass } = await measure([[0.9, 0.05, 0.05]], [0])
    expect(perClass[2]).toEqual({ label: 'owl', support: 0, precision: 0, recall: 0, f1: 0 })
  })

  it('says how far confidence is from accuracy', async () => {
    const { calibration } = await measure()
    // By tenths: one wrong from 0.4; one right each from 0.6, 0.7 and 0.8; one right and one wrong from 0.9.
    const gap = 0.45 + (1 - 0.62) + (1 - 0.72) + (1 - 0.82) + Math.abs(1 - (0.92 + 0.95))
    expect(calibration.expectedError).toBeCloseTo(gap / 6, 6)
    expect(calibration.bins).toHaveLength(10)
    expect(calibration.bins[9]).toMatchObject({ from: 0.9, to: 1, count: 2, accuracy: 0.5 })
    expect(calibration.bins.reduce((sum, { count }) => sum + count, 0)).toBe(6)
  })

  it('lists mistakes by confidence with their files', async () => {
    const { mistakes } = await measure()
    expect(mistakes).toMatchObject([
      { index: 5, source: 'file-5.png', expected: 'owl', predicted: 'cat' },
      { index: 3, source: 'file-3.png', expected: 'dog', predicted: 'owl' },
    ])
    expect(mistakes[0]?.confidence).toBeCloseTo(0.95, 6)
  })

  it('reads one sigmoid output as the probability of the second class', async () => {
    const result = await measure([[0.9], [0.2], [0.6]], [1, 0, 0], ['no', 'yes'])
    expect(result.confusion).toEqual([
      [1, 1],
      [0, 1],
    ])
    expect(result.loss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.8) + Math.log(0.4)) / 3, 6)
  })

  it('gives the numbers a version is known by', async () => {
    expect(Object.keys(headlineOf(await measure()))).toEqual(['test_accuracy', 'test_loss', 'test_calibration_error'])
  })

  it('runs in batches and keeps the order', async () => {
    const many = Array.from({ length: 600 }, (_, i) => [
      i % 3 === 0 ? 0.9 : 0.05,
      i % 3 === 1 ? 0.9 : 0.05,
      i % 3 === 2 ? 0.9 : 0.05,
    ])
    const sizes: number[] = []
    const part = partOf(
      many,
      many.map((_, i) => i % 3),
    )
    const predict = (batch: { features: Uint8Array | Float32Array; rows: number }) => {
      sizes.push(batch.rows)
      return batch.features as Float32Array
    }
    const result = await evaluate({ part, split: 'test', task: 'classification', labels: ['a', 'b', 'c'] }, predict)
    expect(sizes).toEqual([256, 256, 88])
    expect(result).toMatchObject({ accuracy: 1 })
  })

  it('refuses an empty part, a model of other classes, and predictions that are not numbers', async () => {
    await expect(measure([], [])).rejects.toThrow(/test data is empty/)
    await expect(measure(rows, targets, ['a', 'b', 'c', 'd'])).rejects.toThrow(
      /gives 3 numbers a row, but the test data has 4 classes/,
    )
    await expect(measure([[0.5, Number.NaN, 0.5]], [0])).rejects.toThrow(/predicts NaN for example 0 \(file-0\.png\)/)
  })
})
