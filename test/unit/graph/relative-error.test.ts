/** The measure of exactness: one scale for everything compared, and NaN never small. */
import { describe, expect, it } from 'vitest'
import { relativeError, relativeErrorOfAll } from '../../../layers/core/graph/relative-error.ts'

describe('the relative error', () => {
  it('is the largest difference over the largest number', () => {
    expect(relativeError([1, 2.5], [1, 2])).toBeCloseTo(0.25)
  })

  it('takes several pairs as one, so that a row near zero is held against the others', () => {
    expect(relativeError([1e-6], [2e-6])).toBeCloseTo(0.5)
    expect(
      relativeErrorOfAll([
        [[1e-6], [2e-6]],
        [[2], [2]],
      ]),
    ).toBeCloseTo(5e-7)
  })

  it('is infinite for NaN and for other lengths', () => {
    expect(relativeError([Number.NaN, 1], [1, 1])).toBe(Number.POSITIVE_INFINITY)
    expect(relativeError([1], [1, 1])).toBe(Number.POSITIVE_INFINITY)
  })
})
