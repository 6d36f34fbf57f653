import { learningRateAt } from '@maas/core/train'
import { describe, expect, it } from 'vitest'

describe('learning rate schedules', () => {
  it.each([
    ['constant', [1, 1, 1, 1]],
    ['step', [1, 1, 0.1, 0.01]],
    ['cosine', [1, 0.5 * (1 + Math.SQRT1_2), 0.5, 0.5 * (1 - Math.SQRT1_2)]],
  ] as const)('%s runs through the whole training', (schedule, rates) => {
    for (const [quarter, rate] of rates.entries())
      expect(learningRateAt(schedule, 0.2, quarter * 25, 100)).toBeCloseTo(0.2 * rate, 10)
  })
})
