import { parseRollback, parseRollbackAlarm, rollbackAlarmName } from '@maas/core/contract'
import { ConflictError } from '@maas/core/errors'
import { createRegistry, type Registry, rollBack } from '@maas/core/registry'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import { change, newVersion, only } from './samples.ts'

const hour = 3_600_000
let now: number
let registry: Registry
const goBack = (why = 'too many errors') => rollBack({ registry }, { model: 'm', alias: 'production', why, now })
const pointsAt = async () => (await registry.alias('m', 'production')).targets

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z')
  registry = createRegistry(createMemoryStore(), { now: () => new Date(now) })
  for (const content of ['one', 'two', 'three']) await registry.register('m', newVersion(content))
  await registry.setAlias('m', 'production', only(1), change)
})

describe('an alias whose model fails', () => {
  it('goes back to where it pointed, split and all, and its history says why', async () => {
    const split = [
      { version: 1, weight: 90 },
      { version: 2, weight: 10 },
    ]
    await registry.setAlias('m', 'production', split, change)
    await registry.setAlias('m', 'production', only(3), change)
    now += hour
    expect(await goBack()).toEqual({ moved: true, reason: 'm@production points at version 1 and 2 again' })
    expect(await pointsAt()).toEqual(split)
    const { history } = await registry.alias('m', 'production')
    expect(history.at(-1)).toMatchObject({ by: 'rollback by alarm', why: 'too many errors', from: only(3), to: split })
  })

  it('goes back by its last move, also when a shadow began and ended since', async () => {
    await registry.setAlias('m', 'production', only(2), change)
    await registry.setAlias('m', 'production', only(2), { ...change, shadow: 3 })
    await registry.setAlias('m', 'production', only(2), { ...change, shadow: null })
    expect(await goBack()).toEqual({ moved: true, reason: 'm@production points at version 1 again' })
    expect(await pointsAt()).toEqual(only(1))
  })

  it('goes back once, so that the same event twice, or two bad versions, end in the same place', async () => {
    await registry.setAlias('m', 'production', only(2), change)
    await goBack()
    expect(await goBack()).toMatchObject({ moved: false, reason: expect.stringContaining('went back already') })
    expect(await pointsAt()).toEqual(only(1))
  })

  it('stays when its last move is too old to be to blame, when it never moved, and when there is none', async () => {
    expect(await goBack()).toMatchObject({ moved: false, reason: expect.stringContaining('never pointed anywhere') })
    await registry.setAlias('m', 'production', only(2), change)
    now += 25 * hour
    expect(await goBack()).toMatchObject({ moved: false, reason: expect.stringContaining('24 hours') })
    expect(await pointsAt()).toEqual(only(2))
    const ghost = await rollBack({ registry }, { model: 'ghost', alias: 'production', why: '', now })
    expect(ghost).toMatchObject({ moved: false, reason: expect.stringContaining('ghost') })
  })

  it('stays where somebody put it meanwhile, and other failures are not hidden', async () => {
    await registry.setAlias('m', 'production', only(2), change)
    const failing = (error: Error) => ({ registry: { ...registry, setAlias: () => Promise.reject(error) } })
    const request = { model: 'm', alias: 'production', why: '', now }
    expect(await rollBack(failing(new ConflictError('generation 3')), request)).toMatchObject({ moved: false })
    await expect(rollBack(failing(new Error('S3 is away')), request)).rejects.toThrow('S3 is away')
    const ensureReplayed = () => Promise.reject(new ConflictError('come again', { retryAfter: 20 }))
    await expect(rollBack({ registry, ensureReplayed }, request)).rejects.toThrow('come again')
    expect(await pointsAt()).toEqual(only(2))
  })
})

describe('a rule', () => {
  it('says model, alias, what is measured, and the limit', () => {
    expect(parseRollback('my-model@blue_1:latency>12.5')).toEqual({
      model: 'my-model',
      alias: 'blue_1',
      metric: 'latency',
      limit: 12.5,
    })
  })

  it.each(['m:errors>1', 'm@a:errors', 'm@a:p99>1', 'm@a:errors>=1', 'm@latest:errors>1', 'M@a:errors>1', ''])(
    'such as %j is refused with what one looks like',
    (text) => expect(() => parseRollback(text)).toThrow('MODEL@ALIAS:errors>COUNT'),
  )

  it('names its alarm so that the alias can be read from it, whatever hyphens there are', () => {
    const rule = parseRollback('a-rollback-b@x_y:errors>1')
    const name = rollbackAlarmName('dev-2', rule)
    expect(name).toBe('maas-dev-2/rollback/a-rollback-b@x_y/errors')
    expect(parseRollbackAlarm(name)).toEqual({ model: 'a-rollback-b', alias: 'x_y' })
    expect(parseRollbackAlarm('maas-dev-Slow')).toBeUndefined()
  })
})
