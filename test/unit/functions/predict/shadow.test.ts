import type { NamedTensors } from '@maas/core/contract'
import type { ModelHost, PredictInput, Prediction, ServedModel } from '@maas/core/predict'
import { createShadows } from '@maas/predict'
import { describe, expect, it } from 'vitest'

const scores = (...rows: number[][]): NamedTensors => ({
  y: { dtype: 'float32', shape: [rows.length, rows[0]?.length ?? 0], data: Float32Array.from(rows.flat()) },
})
/** Each version calls its input by another name. */
const modelOf = (version: number) =>
  ({ name: 'm', version, signature: { inputs: [{ name: `x${version}` }] } }) as unknown as ServedModel
const predictionOf = (version: number, outputs: NamedTensors, run = 1): Prediction => ({
  model: modelOf(version),
  outputs,
  timings: { prepare: 0, run },
})
const tensor = { dtype: 'float32' as const, shape: [1], data: Float32Array.of(1) }
const input: PredictInput = { kind: 'tensors', tensors: { x1: tensor } }
const alias = { name: 'm', alias: 'production' }

const setup = (shadow: number | undefined, answer: () => NamedTensors) => {
  const asked: unknown[] = []
  const host: Pick<ModelHost, 'shadow' | 'describe' | 'predict'> = {
    describe: async ({ version = 0 }) => modelOf(version),
    shadow: async () => shadow,
    predict: async (reference, given) => {
      asked.push(reference, given)
      return predictionOf(2, answer(), 3)
    },
  }
  return { shadows: createShadows(host), asked }
}

describe('a shadow', () => {
  it('is asked the same, and compared by the place of the highest score', async () => {
    const { shadows, asked } = setup(2, () => scores([0.2, 0.8], [0.4, 0.6]))
    await shadows.compare(alias, input, predictionOf(1, scores([0.1, 0.9], [0.7, 0.3])))
    expect(asked).toEqual([
      { name: 'm', version: 2 },
      { kind: 'tensors', tensors: { x2: tensor } },
    ])
    const report = shadows.report('m', 'production', 2)
    expect(report.comparisons).toEqual([
      {
        primary: { version: 1, ms: 1 },
        shadow: { version: 2, ms: 3 },
        requests: 1,
        failed: 0,
        rows: 2,
        agreed: 1,
        largestDifference: expect.closeTo(0.3, 6),
      },
    ])
    expect(shadows.report('m', 'other', undefined)).toEqual({ alias: 'other', comparisons: [] })
  })

  it('agrees on single numbers that are within one percent', async () => {
    const { shadows } = setup(2, () => scores([100], [100]))
    await shadows.compare(alias, input, predictionOf(1, scores([100.5], [102])))
    expect(shadows.report('m', 'production', 2).comparisons[0]).toMatchObject({ rows: 2, agreed: 1 })
  })

  it('that fails is counted and troubles nobody', async () => {
    const { shadows } = setup(2, () => {
      throw new Error('broken')
    })
    await shadows.compare(alias, input, predictionOf(1, scores([1])))
    expect(shadows.report('m', 'production', 2).comparisons[0]).toMatchObject({ requests: 1, failed: 1, rows: 0 })
  })

  it('is not asked where there is none, where it is the version that answered, or where no alias was named', async () => {
    const none = setup(undefined, () => scores([1]))
    await none.shadows.compare(alias, input, predictionOf(1, scores([1])))
    const same = setup(2, () => scores([1]))
    await same.shadows.compare(alias, input, predictionOf(2, scores([1])))
    await same.shadows.compare({ name: 'm', version: 1 }, input, predictionOf(1, scores([1])))
    expect([...none.asked, ...same.asked]).toEqual([])
  })
})
