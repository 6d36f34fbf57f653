import { expect, it } from 'vitest'
import { growth, isFlat } from '../../load/memory.ts'

const samples = (at: (second: number) => number) => Array.from({ length: 60 }, (_, second) => at(second))

it('is flat when it rises at the start and then stays, or swings', () => {
  expect(isFlat(samples((second) => Math.min(200, 100 + second * 10)))).toBe(true)
  expect(isFlat(samples((second) => 200 + (second % 2) * 40))).toBe(true)
})

it('is not flat when it goes on rising by two megabytes a second', () => {
  const rising = samples((second) => 200 + second * 2)
  expect(growth(rising)).toBe(40)
  expect(isFlat(rising)).toBe(false)
})
