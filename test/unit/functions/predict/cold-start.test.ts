import type { ObjectStore } from '@maas/core/store'
import { describe, expect, it } from 'vitest'
import { timedStore, withColdStart } from '../../../../functions/predict/cold-start.ts'

describe('the time of a store', () => {
  it('counts while at least one call is under way, once, and streams until they end', async () => {
    let now = 0
    const release: (() => void)[] = []
    const get = () => new Promise<never>((_, reject) => release.push(() => reject(new Error('gone'))))
    const stream = async () =>
      (async function* () {
        now += 5
        yield new Uint8Array(1)
      })()
    const { store, busy } = timedStore({ get, stream } as unknown as ObjectStore, () => now)
    const calls = [store.get('a'), store.get('b')]
    now = 10
    release[0]?.()
    await expect(calls[0]).rejects.toThrow('gone')
    expect(busy()).toBe(0)
    now = 30
    release[1]?.()
    await expect(calls[1]).rejects.toThrow('gone')
    expect(busy()).toBe(30)
    now = 100
    for await (const _ of await store.stream('c')) now += 2
    expect(busy()).toBe(37)
  })
})

describe('the first prediction', () => {
  it('says where the cold start went; the second, and failures before, say nothing of it', async () => {
    const answers = [
      new Response('no', { status: 400, headers: { 'server-timing': 'load;dur=1' } }),
      new Response('1', { headers: { 'server-timing': 'load;dur=50, prepare;dur=1, run;dur=2' } }),
      new Response('2', { headers: { 'server-timing': 'load;dur=0, prepare;dur=1, run;dur=2' } }),
    ]
    const lines: object[] = []
    let downloaded = 0
    const app = {
      fetch: async () => {
        downloaded += 20
        return answers.shift() ?? new Response()
      },
    }
    const started = { runtime: 100, kernels: 200, download: () => downloaded }
    const timed = withColdStart(app, started, (line) => lines.push(line))
    const ask = async () => (await timed.fetch(new Request('http://x/'))).headers.get('server-timing')
    expect(await ask()).toBe('load;dur=1')
    expect(await ask()).toBe(
      'runtime;dur=100, kernels;dur=200, download;dur=20, first_run;dur=3, load;dur=30, prepare;dur=1, run;dur=2',
    )
    expect(await ask()).toBe('load;dur=0, prepare;dur=1, run;dur=2')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ message: 'cold start', download: 20, load: 30, first_run: 3, ms: 353 })
  })
})
