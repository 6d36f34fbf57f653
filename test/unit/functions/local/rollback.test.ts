import { parseRollback } from '@maas/core/contract'
import type { LogEntry } from '@maas/core/http'
import { createRegistry, type Registry } from '@maas/core/registry'
import { beforeEach, describe, expect, it } from 'vitest'
import { watchRollback } from '../../../../functions/local/rollback.ts'
import { createMemoryStore } from '../../registry/memory-store.ts'
import { change, newVersion, only } from '../../registry/samples.ts'

let registry: Registry
let now: number
let said: string[]

beforeEach(async () => {
  now = Date.now()
  said = []
  registry = createRegistry(createMemoryStore())
  for (const content of ['one', 'two']) await registry.register('m', newVersion(content))
  for (const version of [1, 2]) await registry.setAlias('m', 'production', only(version), change)
})

const watch = (...rules: string[]) => {
  const log = watchRollback({
    registry,
    rules: rules.map(parseRollback),
    clock: () => now,
    say: (text: string) => void said.push(text),
  })
  return async (status: number, ms = 1) => {
    log({ level: 'info', at: '', message: 'request', model: 'm', version: '2', status, ms } as LogEntry)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
const target = async () => (await registry.alias('m', 'production')).targets[0]?.version

describe('a service that watches its models', () => {
  it('takes a move back after more failures in five minutes than are allowed, and says so', async () => {
    const answered = watch('m@production:errors>2')
    for (const status of [500, 200, 503]) await answered(status)
    expect(await target()).toBe(2)
    await answered(500)
    expect(await target()).toBe(1)
    expect(said).toEqual(['3 errors of m in 5 minutes, allowed are 2: m@production points at version 1 again.'])
    await answered(500)
    expect(said).toHaveLength(1)
  })

  it('forgets what is older than five minutes, and counts no caller’s mistake', async () => {
    const answered = watch('m@production:errors>2')
    for (let at = 0; at < 6; at += 1) {
      now += 200_000
      await answered(500)
      await answered(400)
    }
    expect(await target()).toBe(2)
  })

  it('takes a move back when answers become slow on average', async () => {
    const answered = watch('m@production:latency>100')
    await answered(200, 50)
    await answered(200, 120)
    expect(await target()).toBe(2)
    await answered(200, 400)
    expect(await target()).toBe(1)
    expect(said[0]).toContain('190.0 ms on average of m')
  })

  it('leaves other aliases and models alone', async () => {
    const answered = watch('other@production:errors>0')
    await answered(500)
    expect(await target()).toBe(2)
    expect(said).toEqual([])
  })
})
