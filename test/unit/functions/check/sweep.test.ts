/** After an upgrade of the kernels: which certificates are replayed, in which order, and what stops the rest. */
import type { NewVersion, Replay } from '@maas/core/contract'
import { replayPath } from '@maas/core/contract'
import { createRegistry } from '@maas/core/registry'
import { toJson } from '@maas/core/store'
import { describe, expect, it } from 'vitest'
import { sweep } from '../../../../functions/check/sweep.ts'
import { replay } from '../../imports/support.ts'
import { createMemoryStore } from '../../registry/memory-store.ts'

const version = (golden: boolean): NewVersion => ({
  files: { 'model.json': Buffer.from('{}'), ...(golden && { 'golden.json': Buffer.from('{}') }) },
  lineage: { source: 'training', code: 'test', kernels: 'k1' },
})

const setup = async () => {
  const registry = createRegistry(createMemoryStore())
  for (const golden of [true, false, true, true]) await registry.register('digits', version(golden))
  await registry.setAlias('digits', 'production', [{ version: 1, weight: 100 }], { by: 'test', why: '' })
  const write = (number: number, kernels: string) =>
    registry.putDerived({ name: 'digits', version: number }, replayPath(kernels), toJson({ ...replay, kernels }))
  const said: string[] = []
  const run = (more: { goOn?: () => boolean; fails?: number } = {}) =>
    sweep({
      registry,
      kernels: 'k2',
      ...more,
      verify: async ({ version: number }): Promise<Replay> => {
        if (number === more.fails) throw new Error('its process ended')
        await write(number, 'k2')
        return { ...replay, kernels: 'k2' }
      },
      tell: (model, outcome) => said.push(`${model} ${outcome instanceof Error ? outcome.message : outcome.kernels}`),
    })
  return { run, said, write }
}

describe('a sweep', () => {
  it('replays what was replayed on other kernels only: what an alias means first, then the newest', async () => {
    const { run, said, write } = await setup()
    for (const number of [1, 3]) await write(number, 'k1')
    expect(await run()).toEqual({ replayed: 3, left: 0 })
    expect(said).toEqual(['digits:1 k2', 'digits:4 k2', 'digits:3 k2'])
    expect(await run()).toEqual({ replayed: 0, left: 0 })
  })

  it('goes on behind one that cannot be run, and takes that up again the next time', async () => {
    const { run, said } = await setup()
    expect(await run({ fails: 4 })).toEqual({ replayed: 2, left: 1 })
    expect(said).toContain('digits:4 its process ended')
    expect(await run()).toEqual({ replayed: 1, left: 0 })
  })

  it('stops when time is up', async () => {
    const { run } = await setup()
    let left = 1
    expect(await run({ goOn: () => left-- > 0 })).toEqual({ replayed: 1, left: 2 })
  })
})
