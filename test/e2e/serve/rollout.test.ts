/** Aliases that split traffic and shadow a version, moved by the command line, asked over HTTP. */
import { parseRollback } from '@maas/core/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../cli/run.ts'
import { ask, makeRegistry, post, rowsOf, runService, until } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

const alias = async (...args: string[]) => {
  const { code, out, err } = await run(registry.folder, ['alias', 'tiny', 'production', ...args, '--url', service.url])
  expect(code, err).toBe(0)
  return out
}
const versionFor = async (headers: Record<string, string> = {}): Promise<string | null> => {
  const reply = await ask(`${service.url}/v1/models/tiny/labels/production:predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ instances: rowsOf(1) }),
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.headers.get('x-maas-model-version')
}

describe('a split alias', () => {
  it('sends callers by weight, the same caller always to the same version, and is rolled back by one command', async () => {
    expect(await alias('--split', '1=50,2=50', '--why', 'half')).toContain('1 (50%) + 2 (50%)')
    expect(await until(async () => (await versionFor()) === '2', 10_000)).toBe(true)
    const callers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => versionFor({ 'x-maas-sticky': `caller-${at}` })),
    )
    const first = callers.filter((version) => version === '1').length
    expect(first).toBeGreaterThan(5)
    expect(first).toBeLessThan(35)
    const again = await Promise.all(callers.map((_, at) => versionFor({ 'x-maas-sticky': `caller-${at}` })))
    expect(again).toEqual(callers)
    // A shadow is no move: back is where it pointed before the split.
    await alias('--shadow', '2')
    await alias('--no-shadow')
    expect(await alias('--rollback')).toContain('means version 1.')
    expect(
      await until(async () => {
        const asked = await Promise.all(callers.map((_, at) => versionFor({ 'x-maas-sticky': `caller-${at}` })))
        return asked.every((version) => version === '1')
      }, 10_000),
    ).toBe(true)
    const { history } = (await ask(`${service.url}/models/tiny/aliases/production`)).body as {
      history: { why: string; by: string; at: string }[]
    }
    expect(history.map(({ why, by }) => [why, by])).toEqual([
      ['start', 'test'],
      ['half', 'api'],
      ['shadow began', 'api'],
      ['shadow ended', 'api'],
      ['rollback', 'api'],
    ])
    const times = history.map(({ at }) => Date.parse(at))
    expect(times.every((at) => Math.abs(Date.now() - at) < 3600_000)).toBe(true)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const shown = await run(registry.folder, ['alias', 'tiny', '--url', service.url])
    expect(shown.out).toMatch(/rollback/)
  })
})

describe('a rule', () => {
  it('that is broken after a move takes the alias back, and its history says so', async () => {
    const rollback = [parseRollback('tiny@guarded:latency>0')]
    const watching = await runService({ root: registry.root, rollback })
    try {
      for (const version of [1, 2]) {
        await registry.registry.setAlias('tiny', 'guarded', [{ version, weight: 100 }], { by: 'test', why: 'new' })
      }
      const asked = await post(`${watching.url}/v1/models/tiny/labels/guarded:predict`, { instances: rowsOf(1) })
      expect(asked.headers.get('x-maas-model-version')).toBe('2')
      const record = async () => registry.registry.alias('tiny', 'guarded')
      expect(await until(async () => (await record()).targets[0]?.version === 1, 10_000)).toBe(true)
      expect((await record()).history.at(-1)).toMatchObject({
        by: 'rollback by alarm',
        why: expect.stringContaining('ms on average of tiny'),
      })
      expect(watching.entries.map(({ message }) => message).join()).toContain('points at version 1 again')
    } finally {
      await watching.close()
    }
  })
})

describe('a shadow', () => {
  it('answers beside the alias, unseen, and is reported until it is ended', async () => {
    expect(await alias('--shadow', '2', '--why', 'try it')).toContain('version 2 answers in its shadow')
    const report = async () =>
      (await ask(`${service.url}/models/tiny/aliases/production/shadow`)).body as {
        shadow?: number
        comparisons: {
          primary: { version: number; ms: number }
          shadow: { version: number; ms: number }
          rows: number
          agreed: number
          failed: number
          largestDifference: number
        }[]
      }
    expect(
      await until(async () => {
        expect(await versionFor()).toBe('1')
        return ((await report()).comparisons[0]?.rows ?? 0) > 2
      }, 15_000),
    ).toBe(true)
    const seen = await report()
    expect(seen.shadow).toBe(2)
    expect(seen.comparisons[0]).toMatchObject({ failed: 0 })
    expect(seen.comparisons[0]?.largestDifference).toBeGreaterThan(1e-3)
    const [{ primary, shadow, rows, agreed }] = seen.comparisons as [(typeof seen.comparisons)[0]]
    expect([primary.version, shadow.version]).toEqual([1, 2])
    expect(Math.min(primary.ms, shadow.ms)).toBeGreaterThan(0)
    expect(agreed).toBeLessThanOrEqual(rows)
    const kept = await ask(`${service.url}/models/tiny/versions/2`, { method: 'DELETE' })
    expect(kept.status).toBe(409)
    expect(await alias('--no-shadow')).toContain('means version 1.')
    expect(await until(async () => (await report()).shadow === undefined, 5000)).toBe(true)
  })

  it('must exist', async () => {
    const refused = await ask(`${service.url}/models/tiny/aliases/production`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: 1, shadow: 9 }),
    })
    expect(refused.status).toBe(404)
    expect(
      (await post(`${service.url}/v1/models/tiny/labels/production:predict`, { instances: rowsOf(1) })).status,
    ).toBe(200)
  })
})
