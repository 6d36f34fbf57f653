import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCounter, createObjectKeys, type KeyStore, unused } from '@maas/core/keys'
import { createFileStore } from '@maas/core/store'
import { afterEach, describe, expect, it } from 'vitest'

const id = 'a'.repeat(64)
const now = Date.UTC(2026, 10, 24)
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const setup = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-keys-'))
  folders.push(folder)
  const store = createObjectKeys(createFileStore(folder))
  await store.create({ id, name: 'shop', rights: ['data'] }, unused(now))
  return { folder, store }
}
const counterOf = (store: Pick<KeyStore, 'usage' | 'setUsage'>) =>
  createCounter({
    store,
    clock: () => now,
    random: Math.random,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  })

describe('a quota', () => {
  it('lets exactly one of 16 requests have the last unit, though four processes count', async () => {
    const { folder, store } = await setup()
    const counters = Array.from({ length: 4 }, () => counterOf(createObjectKeys(createFileStore(folder))))
    const limits = { quota: 5 }
    for (let i = 0; i < 4; i++) expect(await counters[i % 4]?.spend(id, limits)).toBeUndefined()
    const answers = await Promise.all(Array.from({ length: 16 }, (_, at) => counters[at % 4]?.spend(id, limits)))
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
    expect((await store.usage(id))?.usage.requests).toBe(5)
  })

  it('of a counter that forgot to compare would be overrun: the test can fail', async () => {
    const { store } = await setup()
    const careless = {
      usage: async (key: string) => {
        const found = await store.usage(key)
        await new Promise((resolve) => setTimeout(resolve, 5))
        return found
      },
      setUsage: async (_: string, __: unknown, etag: string) => etag,
    }
    const counters = Array.from({ length: 4 }, () => counterOf(careless))
    const answers = await Promise.all(counters.map((counter) => counter.spend(id, { quota: 1 })))
    expect(answers.filter((answer) => answer === undefined).length).toBeGreaterThan(1)
  })
})

describe('counting', () => {
  it('makes one write of all requests that wait', async () => {
    const { store } = await setup()
    let writes = 0
    const counted = {
      ...store,
      setUsage: (...args: Parameters<KeyStore['setUsage']>) => {
        writes++
        return store.setUsage(...args)
      },
    }
    const counter = counterOf(counted)
    await Promise.all(Array.from({ length: 50 }, () => counter.spend(id, { quota: 1000 })))
    expect((await store.usage(id))?.usage.requests).toBe(50)
    expect(writes).toBeLessThanOrEqual(3)
  })

  it('adds prices, and says that a revoked key is gone', async () => {
    const { store } = await setup()
    const counter = counterOf(store)
    await Promise.all([counter.charge(id, 0.25), counter.charge(id, 0.5)])
    expect((await store.usage(id))?.usage.cost).toBe(0.75)
    await store.remove(id)
    expect(await counter.spend(id, { quota: 9 })).toBe('revoked')
    await expect(counter.charge(id, 1)).resolves.toBeUndefined()
    await expect(store.remove(id)).rejects.toThrow('There is no key')
  })

  it('goes on after a failure of the store, which is told to those who waited', async () => {
    const { store } = await setup()
    let broken = true
    const counter = counterOf({
      ...store,
      usage: async (key) => {
        if (broken) throw new Error('disk full')
        return store.usage(key)
      },
    })
    await expect(counter.spend(id, { quota: 9 })).rejects.toThrow('disk full')
    broken = false
    expect(await counter.spend(id, { quota: 9 })).toBeUndefined()
  })
})
