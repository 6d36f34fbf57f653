import { describe, expect, it } from 'vitest'
import { niceTicks, wholeTicks } from '../../../../../functions/api/playground/ticks.ts'

describe('ticks of an axis', () => {
  it.each([
    [0.31, 0.67, [0.3, 0.4, 0.5, 0.6, 0.7]],
    [1.01, 1.9, [1, 1.5, 2]],
    [0, 1200, [0, 500, 1000, 1500]],
    [-3, 2, [-4, -2, 0, 2]],
  ])('from %d to %d are round numbers around both', (low, high, ticks) => {
    expect(niceTicks(low, high, 4)).toEqual(ticks)
  })

  it('of one value alone have room for it', () => {
    const ticks = niceTicks(0.5, 0.5, 4)
    expect(ticks.length).toBeGreaterThan(1)
    expect(Math.min(...ticks)).toBeLessThanOrEqual(0.5)
    expect(Math.max(...ticks)).toBeGreaterThanOrEqual(0.5)
  })

  it('of epochs begin with the first and are whole', () => {
    expect(wholeTicks(1, 8)).toEqual([1])
    expect(wholeTicks(10, 8)).toEqual([1, 3, 5, 7, 9])
    expect(wholeTicks(100, 8)).toEqual([1, 14, 27, 40, 53, 66, 79, 92])
  })
})
