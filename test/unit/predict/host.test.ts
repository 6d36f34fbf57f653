import type { AliasRecord, Manifest } from '@maas/core/contract'
import type { KernelSource } from '@maas/core/kernels/sessions'
import { createInProcessHost, type Predictor, type ServedModel } from '@maas/core/predict'
import type { Registry } from '@maas/core/registry'
import { describe, expect, it } from 'vitest'

/** Two versions of 60 bytes each; predictions end when `release` says so. */
const setup = (modelBytes: number) => {
  const state = { loads: [] as number[], disposed: [] as number[], target: 1 }
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const registry = {
    manifest: async (name: string, version: number) => ({ name, version }) as Manifest,
    alias: async () => ({ targets: [{ version: state.target, weight: 100 }] }) as unknown as AliasRecord,
  } as unknown as Registry
  const load = async (_: Registry, { name, version }: Manifest) => {
    state.loads.push(version)
    const model = { name, version, bytes: 60 } as ServedModel
    return {
      model,
      predict: async () => {
        await gate
        if (state.disposed.includes(version)) throw new Error('used after it was disposed of')
        return { model, outputs: {}, timings: { prepare: 1, run: 2 } }
      },
      dispose: () => void state.disposed.push(version),
    } as unknown as Predictor
  }
  let now = 0
  const host = createInProcessHost({
    registry,
    modelBytes,
    load,
    random: () => 0,
    kernels: {} as KernelSource,
    clock: () => now++,
  })
  return { host, state, release }
}

const images = { kind: 'images', images: [] } as const

describe('the host of one process', () => {
  it('loads a version once for callers at the same time, and says what the load took', async () => {
    const { host, state, release } = setup(100)
    release()
    const [first] = await Promise.all([1, 2, 3].map(() => host.predict({ name: 'm', version: 1 }, images)))
    expect(state.loads).toEqual([1])
    expect(first?.timings.load).toBeGreaterThan(0)
    expect((await host.predict({ name: 'm', version: 1 }, images)).timings.load).toBeUndefined()
    expect(host.loaded()).toEqual([{ name: 'm', version: 1 }])
  })

  it('lets a version that was evicted finish its prediction before it goes', async () => {
    const { host, state, release } = setup(100)
    const running = host.predict({ name: 'm', version: 1 }, images)
    await host.describe({ name: 'm', version: 1 })
    await host.describe({ name: 'm', version: 2 })
    expect(state.disposed).toEqual([])
    release()
    await running
    expect(state.disposed).toEqual([1])
    expect(host.loaded()).toEqual([{ name: 'm', version: 2 }])
  })

  it('refuses a model over its memory by name', async () => {
    const { host, state } = setup(50)
    await expect(host.describe({ name: 'm', version: 1 })).rejects.toThrow('m:1 has 1 MB of weights')
    expect(state.disposed).toEqual([1])
  })
})
