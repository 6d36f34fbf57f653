import { apiKeyHash, formatApiKey, type Route, routes } from '@maas/core/contract'
import { createAccess, createCounter, findByHeader, type StoredKey, type Usage, unused } from '@maas/core/keys'
import { describe, expect, it } from 'vitest'

const start = Date.UTC(2026, 10, 24, 12)
const secret = formatApiKey(new Uint8Array(32).fill(7))
const id = apiKeyHash(secret)
const predict = routes.find(({ operation }) => operation === 'predict') as Route
const asked = (key = secret) => new Request('http://localhost/v1/models/m:predict', { headers: { 'x-api-key': key } })

/** One key in a store that counts how often it is looked up; the clock is the test's. */
const setup = (over: Partial<StoredKey> = {}) => {
  const state = { now: start, key: { id, name: 'shop', rights: ['data'], ...over } as StoredKey | undefined, finds: 0 }
  let usage: Usage | undefined = unused(start)
  const clock = () => state.now
  const store = {
    find: async () => {
      state.finds += 1
      return state.key
    },
    usage: async () => usage && { usage, etag: '1' },
    setUsage: async (_: string, after: Usage) => {
      usage = after
      return '1'
    },
  }
  const counter = createCounter({ store, clock, random: () => 0, sleep: async () => {} })
  const access = createAccess({ counter, find: findByHeader(store, clock), clock })
  const enter = (key?: string) => access.enter(asked(key), predict, { model: 'm' }, undefined)
  const revoke = () => {
    state.key = undefined
    usage = undefined
  }
  return { state, access, enter, revoke, used: () => usage }
}

describe('a key with an end', () => {
  const end = start / 1000 + 60

  it('is taken until its second, and refused from then on in the words of an unknown one', async () => {
    const { state, enter } = setup({ expires: end })
    state.now = end * 1000 - 1
    expect(await enter()).toMatchObject({ name: 'shop' })
    state.now = end * 1000
    const expired = await enter().catch((error: Error) => error)
    const unknown = await enter(formatApiKey(new Uint8Array(32))).catch((error: Error) => error)
    expect(expired).toMatchObject({ code: 'unauthorized' })
    expect((expired as Error).message).toBe((unknown as Error).message)
  })

  it('ends by the clock of the service, and not before on one that runs behind', async () => {
    const { state, enter } = setup({ expires: end })
    for (const [skew, taken] of [
      [-3_600_000, true],
      [3_600_000, false],
    ] as const) {
      state.now = start + skew
      expect(await enter().then(Boolean, () => false)).toBe(taken)
    }
  })
})

describe('a key that is revoked', () => {
  it('is refused a second later at most, however often it is asked with', async () => {
    const { state, enter, revoke } = setup()
    await enter()
    revoke()
    state.now += 999
    await expect(enter()).resolves.toMatchObject({ name: 'shop' })
    expect(state.finds).toBe(1)
    state.now += 2
    await expect(enter()).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('is refused at once where it is counted, and what it had under way is charged to nobody', async () => {
    const { access, enter, revoke, used } = setup({ quota: 10 })
    const caller = await enter()
    expect(used()?.requests).toBe(1)
    revoke()
    await expect(enter()).rejects.toMatchObject({ code: 'unauthorized' })
    if (caller !== undefined) await access.charge(caller, 0.5)
    expect(used()).toBeUndefined()
  })
})

it('a store that gives another key than was asked for lets nobody in', async () => {
  const { enter } = setup({ id: apiKeyHash(formatApiKey(new Uint8Array(32).fill(8))) })
  await expect(enter()).rejects.toMatchObject({ code: 'unauthorized' })
})
