import type { AliasRecord, Manifest } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import type { Registry } from '@maas/core/registry'
import { expect, it } from 'vitest'
import { createLookup } from '../../../layers/core/predict/lookup.ts'

const setup = (random = () => 0) => {
  const state = { targets: [{ version: 1, weight: 100 }], versions: [1, 3, 2], asked: 0, now: 1000 }
  const registry = {
    model: async (name: string) => {
      state.asked++
      if (name !== 'm') throw new NotFoundError(`no ${name}`)
      return { name, versions: state.versions, aliases: {} }
    },
    manifest: async (name: string, version: number) => {
      state.asked++
      if (!state.versions.includes(version)) throw new NotFoundError(`no ${name}:${version}`)
      return { name, version } as Manifest
    },
    alias: async () => {
      state.asked++
      return { targets: state.targets } as unknown as AliasRecord
    },
  } as unknown as Registry
  return { state, lookup: createLookup(registry, { random, clock: () => state.now }) }
}

it('takes the highest version for a bare name', async () => {
  const { lookup } = setup()
  expect((await lookup.manifest({ name: 'm' })).version).toBe(3)
  expect(await lookup.versions({ name: 'm' })).toEqual([3, 2, 1])
})

it('asks the registry once a second, so that a moved alias is seen after at most that', async () => {
  const { lookup, state } = setup()
  const reference = { name: 'm', alias: 'production' }
  expect((await lookup.manifest(reference)).version).toBe(1)
  const { asked } = state
  state.targets = [{ version: 2, weight: 100 }]
  state.now += 500
  expect((await lookup.manifest(reference)).version).toBe(1)
  expect(state.asked).toBe(asked)
  state.now += 600
  expect((await lookup.manifest(reference)).version).toBe(2)
})

it('sends requests of a split alias by weight, also within that second', async () => {
  const points = [0, 0.2, 0.3, 0.99, 0.24, 1]
  const { lookup, state } = setup(() => points.shift() ?? 0)
  state.targets = [
    { version: 1, weight: 25 },
    { version: 2, weight: 75 },
  ]
  const chosen = []
  for (let i = 0; i < 5; i++) chosen.push((await lookup.manifest({ name: 'm', alias: 'production' })).version)
  expect(chosen).toEqual([1, 1, 2, 2, 1])
})

it('never sends to a target of weight 0', async () => {
  const { lookup, state } = setup(() => 0)
  state.targets = [
    { version: 1, weight: 0 },
    { version: 2, weight: 100 },
  ]
  expect((await lookup.manifest({ name: 'm', alias: 'production' })).version).toBe(2)
})

it('forgets a failure at once, so that a model is found as soon as it is registered', async () => {
  const { lookup, state } = setup()
  await expect(lookup.manifest({ name: 'm', version: 9 })).rejects.toThrow('no m:9')
  state.versions = [...state.versions, 9]
  expect((await lookup.manifest({ name: 'm', version: 9 })).version).toBe(9)
})
