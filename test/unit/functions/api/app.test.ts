import { createControlApp, type ImportServices } from '@maas/api'
import { type AliasRecord, type AliasTarget, limits, type Manifest } from '@maas/core/contract'
import { ConflictError, NotFoundError } from '@maas/core/errors'
import type { Registry } from '@maas/core/registry'
import { describe, expect, it } from 'vitest'

const manifestOf = (version: number, paths: string[]): Manifest => ({
  schema: 1,
  name: 'm',
  version,
  createdAt: '2026-01-01T00:00:00.000Z',
  files: paths.map((path) => ({ path, sha256: '0'.repeat(64), size: 1 })),
  metrics: { test_accuracy: 0.5 },
  lineage: { source: 'training', code: 'c', kernels: 'k' },
})

/** Model `m`: version 1 evaluated, version 2 not; alias `production` at 1, generation 3. */
const setup = (imports: Partial<ImportServices> = {}) => {
  const manifests = [manifestOf(1, ['model.json', 'evaluation.json', 'report.html']), manifestOf(2, ['model.json'])]
  let alias: AliasRecord = {
    schema: 1,
    name: 'm',
    alias: 'production',
    generation: 3,
    history: [],
    targets: [{ version: 1, weight: 100 }],
  }
  const changes: unknown[] = []
  const summary = { name: 'm', versions: [2, 1], aliases: { production: alias.targets } }
  const registry = {
    models: async () => [summary],
    model: async () => summary,
    versions: async () => manifests,
    manifest: async (name: string, version: number) => {
      const found = manifests.find((manifest) => manifest.version === version)
      if (name !== 'm' || found === undefined) throw new NotFoundError(`${name}:${version} does not exist`)
      return found
    },
    file: async (_: Manifest, path: string) =>
      Buffer.from(path === 'report.html' ? '<h1>r</h1>' : '{"task":"classification"}'),
    alias: async () => alias,
    aliases: async () => [alias],
    setAlias: async (_: string, name: string, targets: readonly AliasTarget[], change: { generation?: number }) => {
      changes.push({ name, targets, ...change })
      if (change.generation !== undefined && change.generation !== alias.generation)
        throw new ConflictError('moved meanwhile')
      alias = { ...alias, targets: [...targets], generation: alias.generation + 1 }
      return alias
    },
    deleteAlias: async (_: string, name: string) => void changes.push({ deletedAlias: name }),
    deleteVersion: async (_: string, version: number) => {
      if (version === 1) throw new ConflictError('production points at m:1')
      changes.push({ deletedVersion: version })
    },
  } as unknown as Registry
  const app = createControlApp({
    training: {} as never,
    transforming: {} as never,
    registry,
    assets: async () => undefined,
    imports: imports as ImportServices,
    log: () => {},
    limits,
    clock: () => 0,
    ids: () => 'id',
  })
  const put = (body: unknown, headers: Record<string, string> = {}) =>
    app.request('/models/m/aliases/production', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return { app, put, changes }
}

describe('reading', () => {
  it.each([
    ['/models', { models: [{ name: 'm' }] }],
    ['/models/m', { name: 'm', versions: [2, 1] }],
    ['/models/m/versions', { versions: [{ version: 1 }, { version: 2 }] }],
    ['/models/m/versions/1', { version: 1, metrics: { test_accuracy: 0.5 } }],
    ['/models/m/versions/1/evaluation', { task: 'classification' }],
    ['/models/m/aliases', { aliases: [{ alias: 'production' }] }],
    ['/models/m/aliases/production', { alias: 'production', generation: 3 }],
  ])('%s', async (path, expected) => {
    const response = await setup().app.request(path)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject(expected)
  })

  it('a report, which may neither run scripts nor reach out', async () => {
    const { status, headers } = await setup().app.request('/models/m/versions/1/report')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = headers.get('content-security-policy')
    expect(policy).toMatch(/^sandbox; default-src 'none';/)
    expect(policy).not.toMatch(/script-src|connect-src|allow-scripts/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('a report of a version that was not evaluated says what there is', async () => {
    const response = await setup().app.request('/models/m/versions/2/report')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      error: {
        code: 'not_found',
        message: 'm:2 has no report.html: it was not trained or evaluated here. It has model.json.',
        request_id: 'id',
      },
    })
  })

  it.each(['/models/..%2fx', '/models/m/versions/0', '/models/m/aliases/latest', '/models/m/aliases/12', '/models/M'])(
    'refuses the name in %s',
    async (path) => {
      const response = await setup().app.request(path)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { code: 'invalid_input', param: expect.any(String) } })
    },
  )
})

describe('moving an alias', () => {
  it('keeps the reason, and answers the new record with its generation as ETag', async () => {
    const { put, changes } = setup()
    const response = await put({ version: 2, reason: 'better' })
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"4"'])
    expect(changes).toEqual([{ name: 'production', targets: [{ version: 2, weight: 100 }], by: 'api', why: 'better' }])
  })

  it('takes a split', async () => {
    const { put } = setup()
    const targets = [
      { version: 1, weight: 90 },
      { version: 2, weight: 10 },
    ]
    expect(await (await put({ targets })).json()).toMatchObject({ targets })
  })

  it('fails when somebody else moved it first', async () => {
    const { put } = setup()
    expect((await put({ version: 2 }, { 'if-match': '"3"' })).status).toBe(200)
    const late = await put({ version: 1 }, { 'if-match': '"3"' })
    expect([late.status, await late.json()]).toEqual([409, { error: expect.objectContaining({ code: 'conflict' }) }])
    expect((await put({ version: 1 }, { 'if-none-match': '*' })).status).toBe(409)
    expect((await put({ version: 1 }, { 'if-match': 'W/"x"' })).status).toBe(400)
  })

  it.each([
    [{}, 'exactly one of version and targets'],
    [{ version: 1, targets: [{ version: 1, weight: 1 }] }, 'exactly one of version and targets'],
    [{ version: 0 }, 'body.version: got 0'],
    [{ version: '1' }, 'body.version: got "1"'],
    [{ targets: [] }, 'body.targets: got an empty list'],
    [{ version: 1, reason: 'x'.repeat(501) }, 'body.reason'],
    [{ version: 1, why: 'x' }, 'why'],
  ])('refuses %j', async (body, message) => {
    const { put, changes } = setup()
    const response = await put(body)
    expect(response.status).toBe(400)
    expect(JSON.stringify(await response.json())).toContain(message.replaceAll('"', '\\"'))
    expect(changes).toEqual([])
  })

  it('needs a body that says it is JSON', async () => {
    const { app, put } = setup()
    const response = await app.request('/models/m/aliases/production', { method: 'PUT', body: '{"version":2}' })
    expect(response.status).toBe(415)
    expect((await put({ version: 2 }, { 'content-type': 'text/plain' })).status).toBe(415)
  })
})

describe('deleting', () => {
  it('a version, unless an alias points at it', async () => {
    const { app, changes } = setup()
    expect((await app.request('/models/m/versions/2', { method: 'DELETE' })).status).toBe(204)
    expect((await app.request('/models/m/versions/1', { method: 'DELETE' })).status).toBe(409)
    expect((await app.request('/models/m/aliases/production', { method: 'DELETE' })).status).toBe(204)
    expect(changes).toEqual([{ deletedVersion: 2 }, { deletedAlias: 'production' }])
  })

  it('is not done by other methods', async () => {
    const response = await setup().app.request('/models/m/versions/2', { method: 'POST' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, DELETE'])
  })
})

it('an alias moves only after what its versions lack was replayed', async () => {
  const order: unknown[] = []
  const ensureReplayed = async (name: string, versions: readonly number[]) => void order.push([name, ...versions])
  const { put, changes } = setup({ ensureReplayed })
  const targets = [1, 2].map((version) => ({ version, weight: 50 }))
  expect([(await put({ targets })).status, order, changes.length]).toEqual([200, [['m', 1, 2]], 1])
  const failing = setup({ ensureReplayed: async () => Promise.reject(new ConflictError('cannot be run')) })
  expect([(await failing.put({ targets })).status, failing.changes]).toEqual([409, []])
})
