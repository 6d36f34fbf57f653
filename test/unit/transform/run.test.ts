import { MaasError, StorageError } from '@maas/core/errors'
import { finishedParts, joined } from '@maas/core/transform'
import { runTransform } from '@maas/core/transform/work'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../registry/memory-store.ts'
import { echoLane, rows } from './support.ts'

const job = 'j'
const textOf = async (store: ReturnType<typeof createMemoryStore>): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of joined(store, await finishedParts(store, job), 'application/jsonlines')) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const run = (store: ReturnType<typeof createMemoryStore>, over: Partial<Parameters<typeof runTransform>[0]> = {}) =>
  runTransform({ store, job, inputs: rows(1000, [3, 700]), lanes: async () => [echoLane(), echoLane()], ...over })

describe('a transform', () => {
  it('has a line for each input, in order, and says what was wrong with those that failed', async () => {
    const store = createMemoryStore()
    expect(await run(store)).toEqual({ inputs: 1000, done: 1000, failed: 2 })
    const lines = (await textOf(store))
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
    expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 1000 }, (_, at) => `row-${at}`))
    expect(lines[3]).toEqual({ id: 'row-3', error: '-1 is refused' })
    expect(lines[4]).toEqual({ id: 'row-4', label: 'cat', probability: 4, prediction: [4, 1] })
    expect(lines.filter(({ error }) => error !== undefined)).toHaveLength(2)
    expect((await finishedParts(store, job)).map(({ inputs, failed }) => [inputs, failed])).toEqual([
      [256, 1],
      [256, 0],
      [256, 1],
      [232, 0],
    ])
  })

  it('that died goes on behind its finished parts, and ends with the bytes of one that did not', async () => {
    const store = createMemoryStore()
    let runs = 0
    const dying = echoLane([], async () => {
      if (++runs > 6) throw new StorageError('the process is gone')
    })
    const inputs = rows(1000, [700])
    await expect(run(store, { inputs, lanes: async () => [dying] })).rejects.toThrow('the process is gone')
    expect(await finishedParts(store, job)).toHaveLength(1)
    const asked: number[][] = []
    const seen: number[] = []
    await run(store, { inputs, lanes: async () => [echoLane(asked)], onProgress: ({ done }) => seen.push(done) })
    expect(seen[0]).toBe(256)
    expect(Math.min(...asked.flat().filter((row) => row >= 0))).toBe(256)
    const whole = createMemoryStore()
    await run(whole, { inputs })
    expect(await textOf(store)).toBe(await textOf(whole))
  })

  it('asks for no process when nothing is left to do', async () => {
    const store = createMemoryStore()
    await run(store)
    const again = run(store, { lanes: () => Promise.reject(new Error('not needed')) })
    expect(await again).toEqual({ inputs: 1000, done: 1000, failed: 2 })
  })

  it('is shared without anything being done twice or left out', async () => {
    const store = createMemoryStore()
    const shares = [0, 1, 2].map((index) => run(store, { share: { index, of: 3 } }))
    await Promise.all(shares)
    const whole = createMemoryStore()
    await run(whole)
    expect(await textOf(store)).toBe(await textOf(whole))
    const [first] = await finishedParts(store, job)
    expect(first?.number).toBe(0)
  })

  it('refuses to go on with other inputs than it began with', async () => {
    const store = createMemoryStore()
    await run(store)
    await expect(run(store, { inputs: rows(1000, [], 'other') })).rejects.toThrow('has changed since it began')
  })

  it('gives up behind its limit of failures, and keeps what is finished', async () => {
    const store = createMemoryStore()
    await expect(run(store, { mostFailed: 1 })).rejects.toThrow('2 inputs failed, more than the 1 allowed')
    expect(await run(store, { mostFailed: 2 })).toMatchObject({ done: 1000 })
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const lane = echoLane([], async () => stop.abort())
    const ended = run(createMemoryStore(), { lanes: async () => [lane], signal: stop.signal })
    await expect(ended).rejects.toSatisfy((error) => error instanceof MaasError && error.code === 'canceled')
  })

  it('runs every input alone when asked to', async () => {
    const asked: number[][] = []
    await run(createMemoryStore(), { inputs: rows(70), single: true, lanes: async () => [echoLane(asked)] })
    expect(asked).toEqual(Array.from({ length: 70 }, (_, row) => [row]))
  })
})

describe('joining', () => {
  it('refuses to leave a part out of a whole', async () => {
    const store = createMemoryStore()
    await run(store, { share: { index: 0, of: 2 } })
    const parts = await finishedParts(store, job)
    const all = async () => {
      for await (const _ of joined(store, parts, 'text/csv', { parts: 4 }));
    }
    await expect(all()).rejects.toThrow('2 of 4 parts are missing')
  })

  it('counts a part that two runs finished once', async () => {
    const store = createMemoryStore()
    await run(store)
    await store.put('transforms/j/parts/000000-256-9', new Uint8Array())
    expect((await finishedParts(store, job)).map(({ number, failed }) => [number, failed])[0]).toEqual([0, 1])
    expect(await finishedParts(store, job)).toHaveLength(4)
  })
})
