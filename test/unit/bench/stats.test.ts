/** The numbers under every table: medians, percentiles, and whether two models said the same. */
import { describe, expect, it } from 'vitest'
import { mustAgree } from '../../../bench/agree.ts'
import { difference, median, percentile } from '../../../bench/stats.ts'

describe('statistics of the bench', () => {
  it('take the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 2, 100])).toBe(3)
    expect(median([])).toBeNaN()
  })

  it('take percentiles by nearest rank, whatever the order', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentile(values, 0.5)).toBe(50)
    expect(percentile(values, 0.99)).toBe(99)
    expect(percentile([7], 0.99)).toBe(7)
  })

  it('measure a difference against the largest number', () => {
    expect(difference([1, 2], [1, 2])).toBe(0)
    expect(difference([1, 2.2], [1, 2])).toBeCloseTo(0.1)
    expect(difference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('contenders that answer differently', () => {
  it('stop the bench, named', () => {
    const answers = new Map([
      ['ours', [0.5, 0.5]],
      ['theirs', [0.5, 0.5001]],
    ] as const)
    expect(() => mustAgree('predict', answers)).toThrow(/theirs and ours answer differently/)
  })

  it('stop it too when one says NaN or nothing', () => {
    expect(() =>
      mustAgree(
        'predict',
        new Map([
          ['a', [1]],
          ['b', [Number.NaN]],
        ]),
      ),
    ).toThrow(/differently/)
    expect(() =>
      mustAgree(
        'predict',
        new Map([
          ['a', [1]],
          ['b', []],
        ]),
      ),
    ).toThrow(/differently/)
  })

  it('pass when they differ by rounding only', () => {
    mustAgree(
      'predict',
      new Map([
        ['a', [0.3, 0.7]],
        ['b', [0.3000001, 0.7]],
      ]),
    )
  })
})
