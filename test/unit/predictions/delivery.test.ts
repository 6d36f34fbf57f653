import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDelivery } from '@maas/core/predictions'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let server: Server
let port: number
let got: string[]

beforeEach(async () => {
  got = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      got.push(`${request.method} ${request.url} ${body}`)
      if (request.url === '/silent') return
      response.writeHead(request.url === '/moved' ? 302 : 200, { location: '/elsewhere' }).end('answer')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('delivery', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '2130706433'])(
    'does not reach into this machine by %s',
    async (host) => {
      await expect(createDelivery()(`http://${host}:${port}/`, {}, 'x')).rejects.toThrow(/not allowed|DNS lookup/)
      expect(got).toEqual([])
    },
  )

  it.each(['10.0.0.1', '169.254.169.254', '192.168.1.1', '[fd00::1]', '[::ffff:169.254.169.254]'])(
    'does not reach %s',
    async (host) => {
      await expect(createDelivery({ timeoutMs: 1000 })(`http://${host}/`, {}, 'x')).rejects.toThrow('not allowed')
    },
  )

  it('reaches an address that was allowed, and follows no redirect from there', async () => {
    const deliver = createDelivery({ allowedAddresses: ['127.0.0.1'] })
    expect(await deliver(`http://127.0.0.1:${port}/hook`, {}, '{"a":1}')).toBe(200)
    expect(await deliver(`http://127.0.0.1:${port}/moved`, {}, '{}')).toBe(302)
    expect(got).toEqual(['POST /hook {"a":1}', 'POST /moved {}'])
  })

  it('gives up on one that does not answer', async () => {
    const deliver = createDelivery({ allowedAddresses: ['127.0.0.1'], timeoutMs: 200 })
    await expect(deliver(`http://127.0.0.1:${port}/silent`, {}, '')).rejects.toThrow('no answer within 0.2 s')
  })
})
