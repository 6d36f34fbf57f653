/** Interleaved rounds: order, warm-up, and contenders that drop out with a reason. */
import { expect, it } from 'vitest'
import { type Contender, interleave, measured } from '../../../bench/interleave.ts'
import type { Peer } from '../../../bench/peer.ts'
import { type Bench, Unavailable } from '../../../bench/types.ts'

const never = () => Promise.reject(new Error('not asked for'))
const bench: Bench = {
  rounds: 2,
  quick: false,
  data: '',
  progress: () => undefined,
  python: never,
  node: never,
  fixtures: never,
  registry: never,
}

function peerOf(name: string, stopped: string[] = []): Peer {
  return {
    hello: { ready: { name } },
    pid: 1,
    ask: never,
    stop: async () => void stopped.push(name),
  }
}

const contender = (name: string, stopped?: string[]): Contender => ({ name, start: async () => peerOf(name, stopped) })
const nameOf = (peer: Peer): string => peer.hello.ready.name ?? ''

it('measures all in every round, throws the warm-up away, and lets another go first each time', async () => {
  const order: string[] = []
  const stopped: string[] = []
  const [outcomes] = await interleave(bench, {
    contenders: [contender('a', stopped), contender('b', stopped)],
    tasks: [{ title: 'count', measure: async (peer) => order.push(nameOf(peer)) }],
  })
  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b'])
  expect(measured(outcomes, (value) => value)).toEqual([
    { name: 'a', versions: { name: 'a' }, value: 4.5, rounds: [4, 5] },
    { name: 'b', versions: { name: 'b' }, value: 4.5, rounds: [3, 6] },
  ])
  expect(stopped).toEqual(['a', 'b'])
})

it('names the reason of a contender that cannot start, and of one that fails in one task only', async () => {
  const absent: Contender = { name: 'absent', start: () => Promise.reject(new Unavailable('not installable here')) }
  const measure = (peer: Peer, task: string): Promise<number> =>
    nameOf(peer) === 'weak' && task === 'hard' ? Promise.reject(new Unavailable('too hard')) : Promise.resolve(1)
  const [easy, hard] = await interleave(bench, {
    contenders: [contender('strong'), contender('weak'), absent],
    tasks: ['easy', 'hard'].map((title) => ({ title, measure: (peer: Peer) => measure(peer, title) })),
  })
  expect(measured(easy, (value) => value)).toMatchObject([
    { value: 1 },
    { value: 1 },
    { skipped: 'not installable here' },
  ])
  expect(measured(hard, (value) => value)).toMatchObject([
    ...[{ value: 1 }, { name: 'weak', skipped: 'too hard' }, { skipped: 'not installable here' }],
  ])
})

it('stops every process when something unforeseen happens', async () => {
  const stopped: string[] = []
  const race = {
    contenders: [contender('a', stopped), contender('b', stopped)],
    tasks: [{ title: 'break', measure: () => Promise.reject(new Error('a bug')) }],
  }
  await expect(interleave(bench, race)).rejects.toThrow('a bug')
  expect(stopped).toEqual(['a', 'b'])
})
