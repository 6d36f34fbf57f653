import { MaasError, StorageError } from '@maas/core/errors'
import type { PredictInput } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'
import { createModelProcess, inFlight, type ModelLimits } from '../../../../functions/local/model.ts'
import { EndedError, type Worker } from '../../../../functions/local/process.ts'

const input: PredictInput = { kind: 'images', images: [new Uint8Array(10)] }
const served = { name: 'm', version: 1 }

/** Workers whose answers the test gives. */
const setup = (limits: Partial<ModelLimits> = {}) => {
  const workers: ReturnType<typeof fakeWorker>[] = []
  const clock = { now: 0 }
  const model = createModelProcess({
    root: '/r',
    name: 'm',
    version: 1,
    take: () => {
      const made = fakeWorker()
      workers.push(made)
      return made.worker
    },
    clock: () => clock.now,
    limits: { queued: 2, queuedBytes: 1000, waitMs: 10_000, loadMs: 1, predictMs: 1, ...limits },
  })
  return { workers, model, clock }
}

const fakeWorker = () => {
  const calls: { type: string; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = []
  let end: (reason: string) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    end = resolve
  })
  const die = (reason = 'SIGKILL') => {
    for (const { reject } of calls) reject(new EndedError(`ended (${reason})`))
    end(reason)
  }
  const worker = {
    pid: 1,
    ended,
    kill: () => die(),
    call: ({ type }: { type: string }) => new Promise((resolve, reject) => calls.push({ type, resolve, reject })),
  } as unknown as Worker
  return { worker, calls, die, load: () => calls[0]?.resolve(served) }
}
const predictsOf = (worker: ReturnType<typeof fakeWorker> | undefined): number =>
  worker?.calls.filter(({ type }) => type === 'predict').length ?? 0
const turn = () => new Promise((resolve) => setImmediate(resolve))
const answer = { outputs: {}, timings: { prepare: 1, run: 2 } }

describe('a model in a process', () => {
  it('starts with the first question, once for all who ask, and says what loading cost', async () => {
    const { model, workers, clock } = setup()
    expect(workers.length).toBe(0)
    const asked = [model.describe(), model.predict(input), model.predict(input)]
    await turn()
    expect(workers.length).toBe(1)
    clock.now = 70
    workers[0]?.load()
    await turn()
    for (const call of workers[0]?.calls.slice(1) ?? []) call.resolve(answer)
    expect(await Promise.all(asked)).toEqual([
      served,
      { model: served, outputs: {}, timings: { prepare: 1, run: 2, load: 70 } },
      { model: served, outputs: {}, timings: { prepare: 1, run: 2, load: 70 } },
    ])
    expect(model.loaded()).toBe(true)
    const warm = model.predict(input)
    await turn()
    workers[0]?.calls.at(-1)?.resolve(answer)
    expect((await warm).timings).toEqual({ prepare: 1, run: 2 })
  })

  it('refuses what would wait too long, by count and by bytes, and takes it again later', async () => {
    const { model, workers } = setup()
    const sent = Array.from({ length: inFlight + 2 }, () => model.predict(input))
    await expect(model.predict(input)).rejects.toMatchObject({ code: 'not_ready', retryAfter: 1 })
    workers[0]?.load()
    await turn()
    for (let i = 0; i < 6; i++) {
      for (const call of workers[0]?.calls ?? []) call.resolve(answer)
      await turn()
    }
    await Promise.all(sent)
    await expect(model.predict({ kind: 'images', images: [new Uint8Array(1001)] })).rejects.toMatchObject({
      code: 'not_ready',
    })
    const again = model.predict(input)
    await turn()
    workers[0]?.calls.at(-1)?.resolve(answer)
    await again
  })

  it('asks who has waited too long to come again, at once and without ever running it', async () => {
    const { model, workers } = setup({ waitMs: 20 })
    const sent = Array.from({ length: inFlight }, () => model.predict(input))
    const late = model.predict(input)
    await turn()
    workers[0]?.load()
    await expect(late).rejects.toMatchObject({ code: 'not_ready', retryAfter: 1 })
    await expect(late).rejects.toThrow('waited 0.02 s for its turn')
    // Those that run may take longer than one may wait.
    expect(predictsOf(workers[0])).toBe(inFlight)
    for (const call of workers[0]?.calls ?? []) call.resolve(answer)
    await Promise.all(sent)
    expect(predictsOf(workers[0])).toBe(inFlight)
    const next = model.predict(input)
    await turn()
    workers[0]?.calls.at(-1)?.resolve(answer)
    await next
  })

  it('tries what a dying process held once more, one at a time, and fails who ends that too', async () => {
    const { model, workers } = setup()
    const sent = Array.from({ length: 3 }, () => model.predict(input))
    const results = Promise.allSettled(sent)
    await turn()
    workers[0]?.load()
    await turn()
    expect(predictsOf(workers[0])).toBe(3)
    workers[0]?.die('SIGSEGV')
    await turn()
    const late = model.predict(input)
    workers[1]?.load()
    await turn()
    expect(predictsOf(workers[1])).toBe(1)
    workers[1]?.calls.at(-1)?.resolve(answer)
    await turn()
    expect(predictsOf(workers[1])).toBe(2)
    workers[1]?.die('SIGSEGV')
    await turn()
    workers[2]?.load()
    await turn()
    expect(predictsOf(workers[2])).toBe(1)
    workers[2]?.calls.at(-1)?.resolve(answer)
    await turn()
    workers[2]?.calls.at(-1)?.resolve(answer)
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await expect(sent[1]).rejects.toMatchObject({ code: 'internal' })
    await expect(late).resolves.toMatchObject(answer)
  })

  it('asks to come again, and blames nobody, when the second process ends before it has loaded', async () => {
    const { model, workers } = setup()
    const sent = model.predict(input).catch((error: unknown) => error)
    await turn()
    workers[0]?.load()
    await turn()
    workers[0]?.die()
    await turn()
    workers[1]?.die()
    expect(await sent).toMatchObject({ code: 'not_ready', retryAfter: 1 })
  })

  it('starts no fourth process within moments of three crashes, and says when', async () => {
    const { model, workers, clock } = setup()
    for (let crash = 0; crash < 3; crash++) {
      const asked = model.describe().catch(() => {})
      await turn()
      workers.at(-1)?.die()
      await asked
      await turn()
    }
    clock.now = 1000
    await expect(model.describe()).rejects.toMatchObject({ code: 'not_ready', retryAfter: 4 })
    expect(workers.length).toBe(3)
    clock.now = 6000
    void model.describe().catch(() => {})
    expect(workers.length).toBe(4)
  })

  it('tells the reason a version does not load, without trying again at every request', async () => {
    const { model, workers, clock } = setup()
    const asked = model.describe()
    await turn()
    workers[0]?.calls[0]?.reject(new StorageError('weights.bin is damaged'))
    await expect(asked).rejects.toThrow('damaged')
    await turn()
    await expect(model.describe()).rejects.toThrow('damaged')
    expect(workers.length).toBe(1)
    clock.now = 6000
    void model.describe().catch(() => {})
    expect(workers.length).toBe(2)
  })

  it('drops a waiting request whose caller went away', async () => {
    const { model, workers } = setup()
    const before = Array.from({ length: inFlight }, () => model.predict(input).catch(() => {}))
    const caller = new AbortController()
    const waiting = model.predict(input, { signal: caller.signal })
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'canceled' })
    caller.abort()
    workers[0]?.load()
    await turn()
    for (const call of workers[0]?.calls ?? []) call.resolve(answer)
    await Promise.all(before)
    await outcome
    expect(workers[0]?.calls.filter(({ type }) => type === 'predict').length).toBe(inFlight)
  })

  it("asks for the caller's signal only where one has to wait", async () => {
    const { model, workers } = setup()
    let asked = 0
    const options = {
      get signal() {
        asked++
        return new AbortController().signal
      },
    }
    const free = Array.from({ length: inFlight }, () => model.predict(input, options))
    expect(asked).toBe(0)
    const waiting = model.predict(input, options)
    expect(asked).toBe(1)
    workers[0]?.load()
    for (let i = 0; i < 3; i++) {
      await turn()
      for (const call of workers[0]?.calls ?? []) call.resolve(answer)
    }
    await Promise.all([...free, waiting])
  })

  it('retires only after everything asked is answered, and starts nothing afterwards', async () => {
    const { model, workers } = setup()
    const asked = model.predict(input)
    const retired = model.retire()
    await turn()
    workers[0]?.load()
    await turn()
    workers[0]?.calls.at(-1)?.resolve(answer)
    await expect(asked).resolves.toMatchObject(answer)
    await retired
    await expect(model.describe()).rejects.toBeInstanceOf(MaasError)
    expect(workers.length).toBe(1)
  })
})
