import { expect, it } from 'vitest'
import { createTimeline } from '../../load/timeline.ts'

it('lets a version answer while it is meant, a second longer, and at no other time', () => {
  const timeline = createTimeline(1)
  const moved = timeline.begin(2, 10_000)
  moved(10_050)
  // From the question until the answer.
  const may = (version: number, asked: number, answered = asked) => timeline.mayAnswer(version, asked, answered)
  expect([may(1, 9_000), may(2, 9_000), may(2, 9_999), may(2, 9_999, 10_000)]).toEqual([true, false, false, true])
  expect([may(1, 10_020), may(1, 11_050), may(1, 11_051)]).toEqual([true, true, false])
  expect([may(2, 20_000), may(3, 20_000)]).toEqual([true, false])
})

it('lets both answer while a move is under way, however long that takes', () => {
  const timeline = createTimeline(1)
  const moved = timeline.begin(2, 0)
  expect([1, 2].map((version) => timeline.mayAnswer(version, 60_000, 60_000))).toEqual([true, true])
  moved(60_000)
  expect([1, 2].map((version) => timeline.mayAnswer(version, 62_000, 62_000))).toEqual([false, true])
})
