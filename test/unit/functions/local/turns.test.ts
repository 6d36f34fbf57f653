import { expect, it } from 'vitest'
import { createTurns } from '../../../../functions/local/turns.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Tasks that say when they begin and end when they are told to. */
const setup = (most: number, ms = 10_000) => {
  const turns = createTurns(most, { ms, late: () => new Error('late') })
  const begun: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const add = (name: string, signal?: AbortSignal) =>
    turns.add(
      () =>
        new Promise<string>((resolve, reject) => {
          begun.push(name)
          ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)))
        }),
      signal,
    )
  return { turns, begun, add, end: (name: string, error?: Error) => ends.get(name)?.(error) }
}

it('runs so many at once, the others in the order they came, also after one that failed', async () => {
  const { turns, begun, add, end } = setup(2)
  const asked = ['a', 'b', 'c', 'd'].map((name) => add(name))
  expect(begun).toEqual(['a', 'b'])
  expect([turns.waiting, turns.full]).toEqual([2, true])
  end('b', new Error('broken'))
  await expect(asked[1]).rejects.toThrow('broken')
  expect(begun).toEqual(['a', 'b', 'c'])
  end('a')
  end('c')
  await turn()
  end('d')
  expect(await Promise.all([asked[0], asked[2], asked[3]])).toEqual(['a', 'c', 'd'])
  expect([turns.waiting, turns.full]).toEqual([0, false])
})

it('leaves out who goes away while waiting, and nobody who runs', async () => {
  const { begun, add, end } = setup(1)
  const away = new AbortController()
  const runs = add('runs', away.signal)
  const waits = add('waits', away.signal)
  const next = add('next')
  away.abort(new Error('gone'))
  await expect(waits).rejects.toThrow('gone')
  await expect(add('late', away.signal)).rejects.toThrow('gone')
  end('runs')
  expect(await runs).toBe('runs')
  end('next')
  expect(await next).toBe('next')
  expect(begun).toEqual(['runs', 'next'])
})

it('leaves out who has waited too long, and nobody who runs', async () => {
  const { turns, begun, add, end } = setup(1, 20)
  const runs = add('runs')
  await expect(add('waits')).rejects.toThrow('late')
  expect([turns.waiting, begun]).toEqual([0, ['runs']])
  const next = add('next')
  end('runs')
  expect(await runs).toBe('runs')
  await new Promise((resolve) => setTimeout(resolve, 40))
  end('next')
  expect(await next).toBe('next')
  expect(begun).toEqual(['runs', 'next'])
})

it('begins nothing while it is held, and is idle only when nothing waits either', async () => {
  const { turns, begun, add, end } = setup(2)
  let idle = false
  const first = add('first')
  turns.hold()
  const second = add('second')
  void turns.idle().then(() => {
    idle = true
  })
  end('first')
  await first
  await turn()
  expect([begun, idle]).toEqual([['first'], false])
  turns.go()
  expect(begun).toEqual(['first', 'second'])
  end('second')
  await second
  await turn()
  expect(idle).toBe(true)
  await turns.idle()
})
