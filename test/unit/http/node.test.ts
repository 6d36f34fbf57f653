import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { limits } from '@maas/core/contract'
import { type AppOptions, createApp, type Handlers, nodeListener } from '@maas/core/http'
import { afterEach, expect, it } from 'vitest'

let server: Server
const logged: unknown[] = []

afterEach(async () => {
  logged.length = 0
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const start = async (handlers: Handlers, options: Partial<AppOptions> = {}): Promise<number> => {
  const log: AppOptions['log'] = ({ message, status }) => message === 'request' && logged.push(status)
  const app = createApp(handlers, {
    log,
    limits: { ...limits, bodyBytes: 1000 },
    clock: () => 0,
    ids: () => 'id',
    ...options,
  })
  server = createServer({ joinDuplicateHeaders: true }, nodeListener(app)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** What comes back for these bytes until the other side ends, or until nothing comes any more. */
const raw = async (port: number, text: string, ms = 2000): Promise<string> => {
  const socket = connect(port, '127.0.0.1')
  let got = ''
  socket.on('data', (data) => {
    got += data
  })
  socket.on('error', () => {})
  socket.write(text)
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, ms))])
  socket.destroy()
  return got
}

it('answers with body, length, headers and status, and to HEAD without the body', async () => {
  const port = await start({ health: () => ({ json: { status: 'ö' } }), deleteVersion: () => ({ status: 204 }) })
  const got = await fetch(`http://127.0.0.1:${port}/healthz`)
  expect([got.status, got.headers.get('content-length'), got.headers.get('x-request-id')]).toEqual([200, '15', 'id'])
  expect(await got.json()).toEqual({ status: 'ö' })
  const head = await fetch(`http://127.0.0.1:${port}/healthz`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '15', ''])
  const gone = await fetch(`http://127.0.0.1:${port}/models/m/versions/1`, { method: 'DELETE' })
  expect([gone.status, gone.headers.get('content-length')]).toEqual([204, null])
  expect((await fetch(`http://127.0.0.1:${port}/nowhere`)).status).toBe(404)
  const wrong = await fetch(`http://127.0.0.1:${port}/healthz`, { method: 'POST' })
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

it('understands paths with escapes and whole addresses as the web does', async () => {
  const port = await start({ modelStatus: ({ params, query: _ }) => ({ json: params }) })
  for (const target of ['/v1/models/m', '/v1/m%6Fdels/m', '/v1/models/%6D?a=b', `http://127.0.0.1/v1/models/m`]) {
    expect(await raw(port, `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`), target).toContain(
      '{"model":"m"}',
    )
  }
  for (const target of ['/v1/models/m%2Fx', '/v1/models/%zz', '/v1/models/..', '//v1/models/m', '*']) {
    expect(await raw(port, `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`), target).toMatch(
      /^HTTP\/1.1 40[04]/,
    )
  }
})

it('shows a header that was sent twice as both, so that none hides behind the other', async () => {
  const seen: unknown[] = []
  const port = await start(
    { health: () => ({}) },
    {
      admit: ({ headers }) => void seen.push(headers.get('x-api-key'), headers.get('host'), headers.get('constructor')),
    },
  )
  await raw(
    port,
    'GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nx-api-key: 1\r\nx-api-key: 2\r\nconnection: close\r\n\r\n',
  )
  expect(seen).toEqual(['1, 2', 'a, b', null])
})

it('refuses a body over the limit, said or not, and ends that connection', async () => {
  const port = await start({ predict: async ({ bytes }) => ({ json: (await bytes()).length }) })
  const said = await raw(port, `POST /v1/models/m:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n`)
  expect(said).toMatch(/^HTTP\/1.1 413.*connection: close/is)
  const chunk = `7d0\r\n${'x'.repeat(2000)}\r\n`
  const unsaid = await raw(
    port,
    `POST /v1/models/m:predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`,
  )
  expect(unsaid).toMatch(/^HTTP\/1.1 413.*connection: close/is)
  const whole = await fetch(`http://127.0.0.1:${port}/v1/models/m:predict`, { method: 'POST', body: 'x'.repeat(1000) })
  expect([whole.status, await whole.json()]).toEqual([200, 1000])
  expect(logged).toEqual([413, 413, 200])
})

it('ends a caller who goes on sending what nobody reads', async () => {
  const admit = () => {
    throw new Error('no')
  }
  const port = await start({ predict: () => ({}) }, { admit })
  const began = performance.now()
  const got = await raw(port, `POST /v1/models/m:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nhalf`, 5000)
  expect(got).toMatch(/^HTTP\/1.1 500/)
  expect(performance.now() - began).toBeLessThan(4000)
})

it('tells a handler that its caller went away, streams what comes in pieces, and lives on', async () => {
  let aborted: Promise<unknown> | undefined
  let cancelled = false
  const port = await start({
    modelStatus: ({ signal }) => {
      aborted = once(signal, 'abort')
      return new Promise(() => {})
    },
    getReport: () => ({
      stream: new ReadableStream({
        start: (out) => out.enqueue(Buffer.from('first')),
        cancel: () => {
          cancelled = true
        },
      }),
      headers: { 'content-type': 'text/plain' },
    }),
    health: () => ({ json: {} }),
  })
  await raw(port, 'GET /v1/models/m HTTP/1.1\r\nhost: x\r\n\r\n', 200)
  await aborted
  const asked = request({ port, host: '127.0.0.1', path: '/models/m/versions/1/report' }).end()
  const [answer] = await once(asked, 'response')
  expect(String((await once(answer, 'data'))[0])).toBe('first')
  asked.destroy()
  for (let i = 0; i < 100 && !cancelled; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(cancelled).toBe(true)
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
})

it('answers 500 for a reply that cannot be sent, and says nothing of it', async () => {
  const port = await start({ health: () => ({ json: {}, headers: { 'x-a': 'a\nb' } }) })
  const got = await fetch(`http://127.0.0.1:${port}/healthz`)
  expect([got.status, (await got.text()).includes('x-a')]).toEqual([500, false])
  expect(logged).toEqual([500])
})

it('counts after the answer is out', async () => {
  const order: string[] = []
  const log: AppOptions['log'] = () => void order.push('log')
  const app = createApp(
    { health: () => ({ json: {}, after: () => order.push('after') }) },
    { log, limits, clock: () => 0, ids: () => 'id' },
  )
  server = createServer((incoming, outgoing) => {
    const { end } = outgoing
    outgoing.end = ((...all: unknown[]) => {
      order.push('sent')
      return Reflect.apply(end, outgoing, all)
    }) as typeof end
    nodeListener(app)(incoming, outgoing)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`)).text()
  expect(order).toEqual(['sent', 'after', 'log'])
})
