import type { Manifest } from '@maas/core/contract'
import type { Registry } from '@maas/core/registry'
import { expect, it } from 'vitest'
import { createProcessHost, processBytes } from '../../../../functions/local/host.ts'
import type { WorkerPool } from '../../../../functions/local/pool.ts'
import type { Worker } from '../../../../functions/local/process.ts'

const setup = (models: number, idleMs = 60_000) => {
  const alive = new Set<string>()
  const started: string[] = []
  const rests = { count: 0 }
  const pool: WorkerPool = {
    rest: () => {
      rests.count++
    },
    close: () => {},
    take: () => {
      let end: (reason: string) => void = () => {}
      const ended = new Promise<string>((resolve) => {
        end = resolve
      })
      let name = ''
      return {
        pid: 1,
        ended,
        kill: () => {
          alive.delete(name)
          end('SIGKILL')
        },
        call: async (command: { type: string; name: string; version: number }) => {
          if (command.type === 'load') {
            name = command.name
            alive.add(name)
            started.push(name)
            return { name, version: command.version }
          }
          return { outputs: {}, timings: { prepare: 0, run: 0 } }
        },
      } as unknown as Worker
    },
  }
  const registry = {
    model: async (name: string) => ({ name, versions: [1], aliases: {} }),
    manifest: async (name: string, version: number) =>
      ({
        name,
        version,
        files: [{ path: 'weights.bin', size: name === 'huge' ? 2 ** 40 : 1000, sha256: '' }],
      }) as unknown as Manifest,
  } as unknown as Registry
  const host = createProcessHost({
    root: '/r',
    registry,
    pool,
    idleMs,
    modelBytes: models * (processBytes + 2000),
    limits: { queued: 10, queuedBytes: 1e9, waitMs: 1000, loadMs: 1000, predictMs: 1000 },
    clock: () => performance.now(),
    random: Math.random,
  })
  return { host, alive, started, rests }
}
const input = { kind: 'images' as const, images: [] }
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(condition()).toBe(true)
}

it('keeps the most recently used models within the budget', async () => {
  const { host, alive, started } = setup(2)
  await host.predict({ name: 'a' }, input)
  await host.predict({ name: 'b' }, input)
  await host.predict({ name: 'a' }, input)
  await host.predict({ name: 'c' }, input)
  await until(() => alive.size === 2)
  expect([...alive]).toEqual(['a', 'c'])
  expect(
    host
      .loaded()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['a', 'c'])
  await host.predict({ name: 'b' }, input)
  expect(started).toEqual(['a', 'b', 'c', 'b'])
  await host.close()
})

it('refuses a model that no budget of this size can hold, naming both sizes', async () => {
  const { host } = setup(2)
  await expect(host.describe({ name: 'huge' })).rejects.toThrow(
    /huge:1 needs about \d+ MB; all models together may take \d+ MB/,
  )
  await host.close()
})

it('ends models that nobody asks for, and then the spare processes', async () => {
  const { host, alive, rests } = setup(2, 50)
  await host.predict({ name: 'a' }, input)
  expect(alive.size).toBe(1)
  await until(() => alive.size === 0 && rests.count > 0)
  await host.close()
})

it('leaves no process behind when it closes', async () => {
  const { host, alive } = setup(3)
  await Promise.all(['a', 'b', 'c'].map((name) => host.predict({ name }, input)))
  await host.close()
  expect(alive.size).toBe(0)
})
