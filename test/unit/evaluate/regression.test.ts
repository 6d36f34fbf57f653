import type { RegressionEvaluation } from '@maas/core/contract'
import { evaluate, headlineOf, quickMetrics } from '@maas/core/evaluate'
import { describe, expect, it } from 'vitest'

/** Standardised targets and predictions; the unit is 10, zero lies at 100. */
const unit = { mean: 100, std: 10 }
const part = { examples: 4, rowShape: [1], features: Float32Array.of(0, 1, 2, 3), targets: Float32Array.of(0, 1, 2, 4) }
const echo = ({ features }: { features: Uint8Array | Float32Array }) => features as Float32Array
const measure = () =>
  evaluate({ part, split: 'test', task: 'regression', labels: [], target: unit }, echo) as Promise<RegressionEvaluation>

describe('evaluating a regressor', () => {
  it('gives errors in the target’s own unit and the loss in the trained one', async () => {
    const result = await measure()
    expect(result).toMatchObject({ loss: 0.25, mse: 25, mae: 2.5 })
    const average = 117.5
    const spread = [100, 110, 120, 140].reduce((sum, y) => sum + (y - average) ** 2, 0)
    expect(result.r2).toBeCloseTo(1 - 100 / spread, 12)
    expect(headlineOf(result)).toMatchObject({ test_mae: 2.5 })
  })

  it('lists the worst predictions first, and points for a plot', async () => {
    const { points, worst } = await measure()
    expect(worst[0]).toEqual({ index: 3, expected: 140, predicted: 130 })
    expect(points).toHaveLength(4)
  })

  it('has an R² for targets that are all the same', async () => {
    const same = { ...part, targets: Float32Array.of(1, 1, 1, 1) }
    expect(await evaluate({ part: same, split: 'test', task: 'regression', labels: [] }, echo)).toMatchObject({ r2: 0 })
    const right = { ...same, features: same.targets }
    expect(await evaluate({ part: right, split: 'test', task: 'regression', labels: [] }, echo)).toMatchObject({
      r2: 1,
    })
  })
})

describe('the figures of an epoch', () => {
  it('are loss and mean absolute error in the own unit', () => {
    expect(quickMetrics({ values: part.features, width: 1 }, part, 'regression', 10)).toEqual({ loss: 0.25, mae: 2.5 })
  })

  it('are loss and accuracy for classes', () => {
    const classes = { ...part, examples: 2, targets: Int32Array.of(1, 1) }
    const { accuracy, loss } = quickMetrics(
      { values: Float32Array.of(0.25, 0.75, 0.5, 0.5), width: 2 },
      classes,
      'classification',
    )
    expect(accuracy).toBe(0.5)
    expect(loss).toBeCloseTo(-(Math.log(0.75) + Math.log(0.5)) / 2, 6)
  })
})
