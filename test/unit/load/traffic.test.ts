import { describe, expect, it } from 'vitest'
import type { Answer } from '../../load/client.ts'
import { brokenQuestion, type Question } from '../../load/models.ts'
import { createTimeline } from '../../load/timeline.ts'
import { judge, type Tally } from '../../load/traffic.ts'

const question: Question = {
  name: 'q',
  path: '/v1/models/m/labels/production:predict',
  headers: {},
  body: Buffer.alloc(0),
  numbers: ({ body }) => JSON.parse(body.toString()) as number[],
}
const timeline = createTimeline(1)
timeline.begin(2, 10_000)(10_000)
const right = new Map([
  ['q, version 1', [0.25, 0.75]],
  ['q, version 2', [0.5, 0.5]],
])
const verdict = (over: Partial<Answer> & { numbers?: number[]; at?: number; asked?: Question }) => {
  const { numbers = [0.25, 0.75], at = 5_000, asked = question, ...rest } = over
  const tally: Tally = { times: new Map(), statuses: new Map(), faults: [], versions: new Map() }
  const body = Buffer.from(JSON.stringify(numbers))
  judge(tally, asked, { status: 200, version: 1, retryAfter: undefined, body, ms: 3, ...rest }, at, { right, timeline })
  return tally.faults.join()
}

describe('an answer under load', () => {
  it('is right with the numbers of the version that was meant', () => {
    expect(verdict({})).toBe('')
    expect(verdict({ numbers: [0.250001, 0.75] })).toBe('')
    expect(verdict({ version: 2, numbers: [0.5, 0.5], at: 10_000 })).toBe('')
  })

  it.each([
    ['other numbers', { numbers: [0.2501, 0.75] }, 'a wrong answer'],
    ['numbers of another version', { version: 2, at: 20_000 }, 'a wrong answer'],
    ['no numbers', { numbers: [] }, 'a wrong answer'],
    ['an unknown version', { version: 0 }, 'a wrong answer'],
    ['a version that was not meant yet', { version: 2, numbers: [0.5, 0.5] }, 'not meant then'],
    ['a version that is meant no more', { at: 20_000 }, 'not meant then'],
    ['500', { status: 500 }, 'q: 500'],
    ['503 without Retry-After', { status: 503 }, 'q: 503'],
    ['504', { status: 504, retryAfter: '1' }, 'q: 504'],
    ['400', { status: 400 }, 'q: 400'],
    ['an answer of the damaged model', { asked: brokenQuestion }, 'the damaged model: 200'],
    ['a 500 of the damaged model', { asked: brokenQuestion, status: 500 }, 'the damaged model: 500'],
  ])('is a fault with %s', (_, over, words) => {
    expect(verdict(over)).toContain(words)
  })

  it('may be 503 with Retry-After, of whatever model', () => {
    for (const asked of [question, brokenQuestion]) expect(verdict({ asked, status: 503, retryAfter: '1' })).toBe('')
  })
})
