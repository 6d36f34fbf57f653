import { limits } from '@maas/core/contract'
import { createApp } from '@maas/core/http'
import { describe, expect, it } from 'vitest'

describe('createApp', () => {
  const options = { log: () => {}, limits, clock: () => 0, ids: () => 'id' }

  it('mounts only routes that have a handler', async () => {
    const app = createApp({ health: () => ({ json: { status: 'ok' } }) }, options)
    expect((await app.request('/healthz')).status).toBe(200)
    expect((await app.request('/models')).status).toBe(404)
  })

  it('gives the model of every addressed form, without the operation behind it', async () => {
    const seen: unknown[] = []
    const app = createApp(
      {
        predict: ({ params }) => {
          seen.push(params)
          return { json: {} }
        },
      },
      options,
    )
    for (const path of ['m:predict', 'm/versions/12:predict', 'm/labels/prod:predict', 'm/labels/latest:predict']) {
      expect((await app.request(`/v1/models/${path}`, { method: 'POST' })).status, path).toBe(200)
    }
    expect(seen).toEqual([
      { model: 'm' },
      { model: 'm', version: 12 },
      { model: 'm', label: 'prod' },
      { model: 'm', label: 'latest' },
    ])
  })

  it('lets nobody in whom admit refuses, and answers in the dialect of the path', async () => {
    const admit = () => {
      throw new Error('secret reason')
    }
    const app = createApp({ health: () => ({}) }, { ...options, admit })
    const serving = await app.request('/v1/models/m')
    expect([serving.status, await serving.json()]).toEqual([500, { error: expect.stringContaining('id') }])
    const control = await app.request('/models')
    expect([control.status, await control.json()]).toEqual([
      500,
      { error: expect.objectContaining({ code: 'internal' }) },
    ])
    expect(control.headers.get('x-request-id')).toBe('id')
  })

  it('sends bytes and headers as they are', async () => {
    const body = Uint8Array.of(0, 255, 128)
    const app = createApp(
      { getReport: () => ({ body, headers: { 'content-type': 'text/html', 'x-a': 'b' } }) },
      options,
    )
    const response = await app.request('/models/m/versions/1/report')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(body)
    expect([response.headers.get('content-type'), response.headers.get('x-a')]).toEqual(['text/html', 'b'])
  })

  it('puts its own headers on every answer, and logs which version gave it', async () => {
    const logged: unknown[] = []
    const app = createApp(
      {
        health: () => ({ json: {} }),
        modelStatus: () => ({ json: {}, headers: { 'x-maas-model-version': '7' } }),
        modelMetadata: ({ about }) => {
          about(8)
          throw new Error('secret reason')
        },
        getReport: () => ({ body: Uint8Array.of(1) }),
      },
      { ...options, log: ({ message, version }) => message === 'request' && logged.push(version) },
    )
    const paths = ['/healthz', '/v1/models/m', '/v1/models/m/metadata', '/models/m/versions/1/report', '/nowhere']
    const answers: Response[] = []
    for (const path of paths) answers.push(await app.request(path))
    const [ids, guards] = ['x-request-id', 'x-content-type-options'].map((name) =>
      answers.map(({ headers }) => headers.get(name)),
    )
    expect(ids).toEqual(paths.map(() => 'id'))
    expect(guards).toEqual(paths.map(() => 'nosniff'))
    expect(logged).toEqual([undefined, '7', '8', undefined, undefined])
  })
})
