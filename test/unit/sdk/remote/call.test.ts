import { expect, it } from 'vitest'
import { Maas } from '../../../../sdk/src/index.ts'

const asked = (body: string, type = 'application/json') => {
  const requests: { url: string; init: RequestInit }[] = []
  const fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    requests.push({ url: String(url), init })
    return new Response(body === '' ? null : body, {
      status: body === '' ? 204 : 200,
      headers: { 'content-type': type },
    })
  }
  return { requests, maas: new Maas({ url: 'http://h', fetch: fetch as typeof globalThis.fetch }) }
}

it('fills the path in, escaped, and sends query, body and headers', async () => {
  const { requests, maas } = asked('{"generation":2}')
  const moved = await maas.call('moveAlias', {
    path: { model: 'a b', alias: 'x' },
    body: { version: 2 },
    headers: { 'if-match': '"1"' },
  })
  expect(moved.generation).toBe(2)
  await maas.call('readTrainingJobLogs', { path: { job: 'j' }, query: { limit: 5 } })
  expect(requests.map(({ url, init }) => [init.method, url, init.body])).toEqual([
    ['PUT', 'http://h/models/a%20b/aliases/x', '{"version":2}'],
    ['GET', 'http://h/training-jobs/j/logs?limit=5', undefined],
  ])
  expect(requests[0]?.init.headers).toMatchObject({ 'if-match': '"1"' })
})

it('gives a page as text, and nothing where there is no body', async () => {
  expect(await asked('<h1>', 'text/html').maas.call('docs', {})).toBe('<h1>')
  const path = { model: 'm', alias: 'a' }
  expect(await asked('').maas.call('deleteAlias', { path })).toBeUndefined()
})

it('refuses a path that would lead elsewhere, before anything is sent', async () => {
  const { requests, maas } = asked('{}')
  await expect(maas.call('getModel', { path: { model: '..' } })).rejects.toThrow('cannot be part of the address')
  await expect(maas.call('getModel', { path: {} as { model: string } })).rejects.toThrow('path.model is missing')
  await expect(maas.call('nothing' as 'docs', {})).rejects.toThrow('there is no operation nothing; they are health')
  expect(requests).toEqual([])
})
