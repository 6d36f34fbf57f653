/** When a model's process collects what its answers left behind. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { collectGrowth } from '../../../../functions/local/garbage.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const megabyte = 1024 ** 2

it('everything is collected each time the heap has grown by 4 MB, and not before', () => {
  let used = 14 * megabyte
  const collect = vi.fn(() => {
    used = 11 * megabyte
  })
  collectGrowth(collect, () => used)
  const after = (megabytes: number): number => {
    used = megabytes * megabyte
    vi.advanceTimersByTime(1000)
    return collect.mock.calls.length
  }
  expect(after(14)).toBe(0)
  // What V8 collected by itself counts too.
  expect(after(10)).toBe(0)
  expect(after(14)).toBe(0)
  expect(after(14.1)).toBe(1)
  expect(after(15)).toBe(1)
  expect(after(15.1)).toBe(2)
})

it('a process that may not ask for a collection goes on without', () => {
  collectGrowth(undefined, () => Number.NaN)
  expect(vi.getTimerCount()).toBe(0)
})
