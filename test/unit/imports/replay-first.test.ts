import { versionFiles } from '@maas/core/contract'
import { checkTaskOf, replayFirst } from '@maas/core/imports'
import { createRegistry, type Registry } from '@maas/core/registry'
import { type ObjectStore, toJson } from '@maas/core/store'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../registry/memory-store.ts'
import { newVersion } from '../registry/samples.ts'
import { replay } from './support.ts'

let now: number
let store: ObjectStore
let registry: Registry
let ensure: ReturnType<typeof replayFirst>

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z')
  store = createMemoryStore(() => new Date(now))
  registry = createRegistry(store)
  ensure = replayFirst({ store, registry, kernels: 'k2', clock: () => now })
  for (const content of ['one', 'two']) {
    const { files, ...rest } = newVersion(content)
    await registry.register('m', { ...rest, files: { ...files, [versionFiles.golden]: Buffer.from('{}') } })
  }
})

const asked = async () => (await store.list('verifications/')).objects
const replayed = (version: number, kernels: string, passed: boolean) =>
  registry.putDerived({ name: 'm', version }, `${kernels}/certificate.json`, toJson({ ...replay, kernels, passed }))

describe('an alias whose kernels run elsewhere', () => {
  it('waits for versions that were only replayed on other kernels, and has check replay each once', async () => {
    await replayed(1, 'k1', true)
    for (const _ of [1, 2]) {
      await expect(ensure('m', [1, 2, 2])).rejects.toMatchObject({ code: 'conflict', retryAfter: 20 })
      await expect(ensure('m', [1, 2])).rejects.toThrow(/m:1 and m:2 was not replayed on the kernels in force \(k2\)/)
    }
    const keys = (await asked()).map(({ key }) => key)
    expect(keys).toHaveLength(2)
    for (const key of keys) expect(checkTaskOf(key)).toEqual({ verify: key })
    const wanted = await Promise.all(keys.map(async (key) => JSON.parse(String((await store.get(key)).body))))
    expect(wanted.map(({ version }) => version).sort()).toEqual([1, 2])
  })

  it('moves once they passed there, and asks nobody', async () => {
    await replayed(1, 'k2', true)
    await expect(ensure('m', [1])).resolves.toBeUndefined()
    expect(await asked()).toEqual([])
  })

  it('does not move to one that failed there, whatever newer kernels elsewhere say', async () => {
    await replayed(1, 'k2', false)
    await replayed(1, 'k3', true)
    const refusal = ensure('m', [1])
    await expect(refusal).rejects.toThrow('the parity certificate of m:1 fails on k2')
    await expect(refusal).rejects.toMatchObject({ retryAfter: undefined })
  })

  it('does not wait for what has nothing to replay, and says what does not exist', async () => {
    await registry.register('m', newVersion('three'))
    await expect(ensure('m', [3])).resolves.toBeUndefined()
    await expect(ensure('m', [9])).rejects.toMatchObject({ code: 'not_found' })
  })

  it('has a replay that never came asked for again', async () => {
    await expect(ensure('m', [1])).rejects.toThrow('under way')
    const [before] = await asked()
    now += 16 * 60_000
    await expect(ensure('m', [1])).rejects.toThrow('under way')
    expect((await asked())[0]?.etag).not.toBe(before?.etag)
  })
})
