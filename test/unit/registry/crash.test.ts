/** kill -9 ahead of every single change of the disk: the last good state stands, and nobody is locked out. */
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRegistry, type Registry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutSync } from '../store/faults.ts'
import { bundleChild, type Ended } from '../store/processes.ts'
import type { Command, Order } from './child.ts'
import { rehash } from './contract.ts'
import { change, newVersion, only } from './samples.ts'

let base: string
let before: string
let child: (order: Order) => Promise<Ended>
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'maas-crash-'))
  before = join(base, 'before')
  child = await bundleChild(new URL('child.ts', import.meta.url), base)
  const registry = createRegistry(createFileStore(before))
  for (const content of ['one', 'two', 'three']) await registry.register('m', newVersion(content))
  await registry.setAlias('m', 'production', only(1), change)
})
afterAll(() => rm(base, { recursive: true, force: true }))

/** Old enough that unused blobs are collected. */
const hoursAhead = 2
/** Past the end of every lease that a killed process left. */
const afterLeases = () => new Date(Date.now() + hoursAhead * 3600_000 + 20_000)

type Check = (registry: Registry, died: boolean) => Promise<void>

/** Runs the order, killed ahead of one change, and checks what it left; whether it died before it came through. */
const killAt = async (diesAt: number, order: Command, check: Check): Promise<boolean> => {
  const root = join(base, `root-${diesAt}`)
  await cp(before, root, { recursive: true, verbatimSymlinks: true })
  const { signal, code, errors } = await child({ ...order, root, diesAt })
  const died = signal === 'SIGKILL'
  if (!died) expect({ code, errors }).toEqual({ code: 0, errors: '' })
  let polls = 0
  const sleep = async () => void polls++
  const registry = createRegistry(createFileStore(root, { fs: withoutSync() }), { now: afterLeases, sleep })
  try {
    await check(registry, died)
    // Whatever the dead process left, the next writers succeed, wait for nobody, and clear it away.
    const living = await rehash(registry, 'm')
    const next = await registry.register('m', newVersion('next'))
    expect(next.version).toBeGreaterThan(Math.max(...living))
    await registry.setAlias('m', 'production', only(next.version), change)
    expect(await registry.resolve({ name: 'm', alias: 'production' })).toBe(next.version)
    expect(await rehash(registry, 'm')).toEqual([...living, next.version])
    expect(await readdir(join(root, '#tmp'))).toEqual([])
    expect(polls).toBe(0)
  } catch (error) {
    throw new Error(`killed ahead of change ${diesAt}`, { cause: error })
  }
  await rm(root, { recursive: true })
  return died
}

const together = 4

/** Kills one change later each time, until the order comes through; the number of changes. */
const killEverywhere = async (order: Command, check: Check): Promise<number> => {
  for (let first = 1; ; first += together) {
    const points = Array.from({ length: together }, (_, index) => first + index)
    const died = await Promise.all(points.map((diesAt) => killAt(diesAt, order, check)))
    if (died.includes(false)) return first + died.indexOf(false) - 1
  }
}

describe('kill -9', () => {
  it('in a registration leaves the version whole or not there', async () => {
    const changes = await killEverywhere(
      { hoursAhead, do: 'register', times: 1, content: 'four' },
      async (registry, died) => {
        const living = await rehash(registry, 'm')
        expect(
          died
            ? [
                [1, 2, 3],
                [1, 2, 3, 4],
              ]
            : [[1, 2, 3, 4]],
        ).toContainEqual(living)
        expect(await registry.resolve({ name: 'm', alias: 'production' })).toBe(1)
      },
    )
    expect(changes).toBeGreaterThan(30)
  }, 240_000)

  it('in a move leaves the alias where it was or where it goes', async () => {
    const changes = await killEverywhere({ do: 'move', version: 2 }, async (registry, died) => {
      const { targets, generation, history } = await registry.alias('m', 'production')
      expect(died ? [1, 2] : [2]).toContain(targets[0]?.version)
      expect([generation, history.length]).toEqual(targets[0]?.version === 1 ? [1, 1] : [2, 2])
    })
    expect(changes).toBeGreaterThan(5)
  }, 240_000)

  it('in a deletion leaves the version whole or gone, and every other one whole', async () => {
    const changes = await killEverywhere({ hoursAhead, do: 'delete', version: 3 }, async (registry, died) => {
      const living = await rehash(registry, 'm')
      expect(
        died
          ? [
              [1, 2, 3],
              [1, 2],
            ]
          : [[1, 2]],
      ).toContainEqual(living)
      if (living.includes(3)) await registry.deleteVersion('m', 3)
      expect(await rehash(registry, 'm')).toEqual([1, 2])
      expect((await registry.register('m', newVersion('4'))).version).toBe(4)
    })
    expect(changes).toBeGreaterThan(20)
  }, 240_000)
})

describe('four processes on one root', () => {
  it('register 16 versions with 16 distinct numbers, each with its own files', async () => {
    const root = join(base, 'shared-registry')
    const orders = ['a', 'b', 'c', 'd'].map((content): Order => ({ root, do: 'register', times: 4, content }))
    const ended = await Promise.all(orders.map(child))
    for (const { code, errors } of ended) expect({ code, errors }).toEqual({ code: 0, errors: '' })
    const numbers = ended.flatMap(({ output }) => JSON.parse(output) as number[])
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
    const registry = createRegistry(createFileStore(root))
    expect(await rehash(registry, 'm')).toEqual(numbers)
    const contents = (await registry.versions('m')).map(async (manifest) =>
      Buffer.from(await registry.file(manifest, 'weights.bin')).toString(),
    )
    const expected = ['a', 'b', 'c', 'd'].flatMap((content) => [0, 1, 2, 3].map((copy) => `${content} ${copy}`))
    expect((await Promise.all(contents)).sort()).toEqual(expected)
  }, 60_000)

  it('lose none of the updates that each makes by compare-and-swap', async () => {
    const root = join(base, 'shared-count')
    const store = createFileStore(root)
    await store.put('count', Buffer.from('0'))
    const ended = await Promise.all([1, 2, 3, 4].map(() => child({ root, do: 'count', times: 25 })))
    for (const { code, errors } of ended) expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(Buffer.from((await store.get('count')).body).toString()).toBe('100')
  }, 60_000)
})
