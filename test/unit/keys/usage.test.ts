import { charge, type KeyLimits, monthOf, spend, type Usage, unused } from '@maas/core/keys'
import { describe, expect, it } from 'vitest'

const november = Date.UTC(2026, 10, 24, 12)
const december = Date.UTC(2026, 11, 1)

/** Spends until it is refused or `most` are granted. */
const run = (usage: Usage, limits: KeyLimits, now: number, most: number) => {
  let granted = 0
  for (; granted < most; granted++) {
    const result = spend(usage, limits, now)
    if ('refusal' in result) return { granted, usage, refusal: result.refusal }
    usage = result.usage
  }
  return { granted, usage, refusal: undefined }
}

describe('a quota', () => {
  it('ends at its last request and begins again with the month', () => {
    const { granted, usage, refusal } = run(unused(november), { quota: 3 }, november, 9)
    expect(granted).toBe(3)
    expect(refusal).toMatchObject({ limit: 'quota', retryAfter: (december - november) / 1000 })
    expect(refusal?.message).toContain('all 3 requests of 2026-11')
    expect(refusal?.message).toContain('2026-12-01')
    expect(run(usage, { quota: 3 }, december - 1, 9).granted).toBe(0)
    expect(run(usage, { quota: 3 }, december, 9).granted).toBe(3)
  })

  it('is not opened again by a clock that runs behind', () => {
    const used = run(unused(december), { quota: 3 }, december, 9).usage
    expect(used.month).toBe('2026-12')
    const behind = spend(used, { quota: 3 }, november)
    expect(behind).toMatchObject({ refusal: { limit: 'quota' } })
  })

  it('of nothing refuses everything', () => {
    expect(run(unused(november), { quota: 0 }, november, 1).granted).toBe(0)
  })
})

describe('a budget', () => {
  it('ends when the prices of what was answered reach it', () => {
    let usage = charge(unused(november), 0.6, november)
    expect(run(usage, { budget: 1 }, november, 1).granted).toBe(1)
    usage = charge(usage, 0.4, november)
    expect(run(usage, { budget: 1 }, november, 1).refusal).toMatchObject({ limit: 'budget' })
    expect(run(usage, { budget: 1 }, december, 1).granted).toBe(1)
  })
})

describe('a throttle', () => {
  const limits = { throttle: { rate: 2, burst: 4 } }

  it('takes a burst, then the rate, and says when the next one fits', () => {
    const burst = run(unused(november), limits, november, 99)
    expect(burst.granted).toBe(4)
    expect(burst.refusal).toMatchObject({ limit: 'throttle', retryAfter: 0.5 })
    expect(run(burst.usage, limits, november + 499, 9).granted).toBe(0)
    expect(run(burst.usage, limits, november + 500, 9).granted).toBe(1)
    expect(run(burst.usage, limits, november + 1000, 9).granted).toBe(2)
    expect(run(burst.usage, limits, november + 60_000, 99).granted).toBe(4)
  })

  it('is not locked for long by a clock that ran ahead', () => {
    const ahead = run(unused(november), limits, november + 3_600_000, 99).usage
    const now = spend(ahead, limits, november)
    expect(now).toMatchObject({ refusal: { limit: 'throttle' } })
    expect('refusal' in now && now.refusal.retryAfter).toBeLessThanOrEqual(2)
  })

  it('does not count what it refuses', () => {
    const { usage } = run(unused(november), { ...limits, quota: 100 }, november, 99)
    expect(usage.requests).toBe(4)
  })
})

it('months are those of UTC', () => {
  expect(monthOf(Date.UTC(2026, 11, 31, 23, 59, 59))).toBe('2026-12')
})
