/** Moves, deletions and registrations in thousands of interleavings: no alias points at nothing, no version lacks a file. */
import type { NewVersion } from '@maas/core/contract'
import { createRegistry } from '@maas/core/registry'
import type { ObjectStore } from '@maas/core/store'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import { type Outcome, type Rival, randomFrom, runRivals } from './rivals.ts'

/** Orders tried by each test; MAAS_TEST_ORDERS=20000 for a night. */
const seeds = Number(process.env.MAAS_TEST_ORDERS ?? 200)
const later = new Date('2030-01-01T03:00:00Z')
const earlier = new Date('2030-01-01T00:00:00Z')

const version = (content: string): NewVersion => ({
  files: { 'model.json': Buffer.from('{}'), 'weights.bin': Buffer.from(content) },
  lineage: { source: 'training', code: 'maas test', kernels: 'none' },
})
const only = (number: number) => [{ version: number, weight: 100 }]
const change = { by: 'test', why: 'race' }

/** Versions 1-3 of `m`, registered three hours ago, and the blobs of a deleted version 4 that are still to be collected. */
const prepared = async (): Promise<ObjectStore> => {
  let now = earlier
  const store = createMemoryStore(() => now)
  const registry = createRegistry(store, { now: () => now })
  for (const content of ['one', 'two', 'three', 'four']) await registry.register('m', version(content))
  await registry.deleteVersion('m', 4)
  now = later
  return store
}

const registryOf = (store: ObjectStore, sleep: () => Promise<void> = async () => {}) =>
  createRegistry(store, { now: () => later, sleep, random: () => 0.5 })

const move = (to: number, diesAfter?: number): Rival => ({
  name: `move to ${to}`,
  ...(diesAfter !== undefined && { diesAfter }),
  run: (store, sleep) => registryOf(store, sleep).setAlias('m', 'production', only(to), change),
})
const remove = (number: number): Rival => ({
  name: `delete ${number}`,
  run: (store, sleep) => registryOf(store, sleep).deleteVersion('m', number),
})
const register = (content: string, diesAfter?: number): Rival => ({
  name: `register ${content}`,
  ...(diesAfter !== undefined && { diesAfter }),
  run: (store, sleep) => registryOf(store, sleep).register('m', version(content)),
})

/** Every living version's files are whole, every alias points at living versions. */
const checkWhole = async (store: ObjectStore): Promise<readonly number[]> => {
  const registry = registryOf(store)
  const manifests = await registry.versions('m')
  for (const manifest of manifests) for (const { path } of manifest.files) await registry.file(manifest, path)
  const living = manifests.map((manifest) => manifest.version).toReversed()
  for (const { targets } of await registry.aliases('m')) {
    expect(targets.length).toBeGreaterThan(0)
    for (const target of targets) expect(living).toContain(target.version)
  }
  return living
}

const nameOf = (outcome: Outcome | undefined) => (outcome instanceof Error ? outcome.constructor.name : outcome)

const explore = async (
  rivals: (random: () => number) => readonly Rival[],
  check: (store: ObjectStore, outcomes: Readonly<Record<string, Outcome>>, living: readonly number[]) => Promise<void>,
  before: (store: ObjectStore) => Promise<unknown> = async () => {},
): Promise<ReadonlySet<string>> => {
  const seen = new Set<string>()
  for (let seed = 0; seed < seeds; seed++) {
    const random = randomFrom(seed)
    const store = await prepared()
    await before(store)
    const tasks = rivals(random)
    const outcomes = await runRivals(store, tasks, random)
    try {
      await check(store, outcomes, await checkWhole(store))
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(outcomes, (_, v) => (v instanceof Error ? v.message : v))}`, {
        cause: error,
      })
    }
    seen.add(tasks.map(({ name }) => nameOf(outcomes[name])).join(', '))
  }
  return seen
}

const at1 = (store: ObjectStore) => registryOf(store).setAlias('m', 'production', only(1), change)
const target = async (store: ObjectStore) => (await registryOf(store).alias('m', 'production')).targets[0]?.version

describe('rivals', () => {
  it('keep an alias on a living version when it moves to one that is being deleted', async () => {
    const seen = await explore(
      () => [move(2), remove(2)],
      async (store, outcomes, living) => {
        const moved = outcomes['move to 2'] === 'done'
        const deleted = outcomes['delete 2'] === 'done'
        expect(moved).toBe(!deleted)
        expect(living.includes(2)).toBe(moved)
        expect(await target(store)).toBe(moved ? 2 : 1)
      },
      at1,
    )
    expect([...seen].sort()).toEqual(['NotFoundError, done', 'done, ConflictError'])
  })

  it('create an alias of a living version or none', async () => {
    await explore(
      () => [move(2), remove(2)],
      async (store, outcomes) => {
        const moved = outcomes['move to 2'] === 'done'
        expect(outcomes['delete 2'] === 'done').toBe(!moved)
        expect(await registryOf(store).aliases('m')).toHaveLength(moved ? 1 : 0)
      },
    )
  })

  it('keep an alias on a living version while its old and its new target are both being deleted', async () => {
    const seen = await explore(
      () => [move(2), remove(1), remove(2)],
      async (store, _outcomes, living) => expect(living).toContain(await target(store)),
      at1,
    )
    expect(seen.size).toBeGreaterThan(2)
  })

  it('keep an alias on a living version when the mover is killed at any moment', async () => {
    const seen = await explore(
      (random) => [move(2, Math.floor(random() * 20)), remove(2), remove(1)],
      async (store, _outcomes, living) => expect(living).toContain(await target(store)),
      at1,
    )
    expect([...seen].some((outcomes) => outcomes.startsWith('died'))).toBe(true)
  })

  it('keep an alias on a living version when two movers and two deletions meet', async () => {
    await explore(
      () => [move(2), move(3), remove(2), remove(1)],
      async (store, _outcomes, living) => expect(living).toContain(await target(store)),
      at1,
    )
  })

  it('never take a blob from under a version that is being registered', async () => {
    const seen = await explore(
      () => [register('four'), remove(2)],
      async (_store, outcomes, living) => {
        expect(outcomes).toEqual({ 'register four': 'done', 'delete 2': 'done' })
        expect(living).toEqual([1, 3, 5])
      },
    )
    expect([...seen]).toEqual(['done, done'])
  })

  it('never take a blob from under versions that are being registered, killed or deleted together', async () => {
    await explore(
      (random) => [register('two', Math.floor(random() * 25)), register('three'), remove(2), remove(3)],
      async (_store, outcomes) => expect(outcomes['register three']).toBe('done'),
    )
  })
})
