import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { limitConnections } from '../../../../functions/local/connections.ts'

let server: Server
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** Answers `ok` when the body is there; `/hold` waits until it is let go. */
const start = async (most: number): Promise<{ release: () => void }> => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  server = createServer(async (request, response) => {
    request.on('error', () => {}).resume()
    await new Promise((resolve) => request.once('end', resolve))
    if (request.url === '/hold') await held
    response.end('ok')
  })
  if (most > 0) limitConnections(server, most)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { release: () => release() }
}

const open = async (text = ''): Promise<Socket> => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const answered = async (socket: Socket, request: string): Promise<string> => {
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.write(request)
  for (let i = 0; i < 100 && !text.endsWith('ok\r\n0\r\n\r\n') && !text.endsWith('ok'); i++) {
    if (socket.destroyed) return 'cut'
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return text.split('\r\n')[0] ?? ''
}
const get = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const isCut = (socket: Socket) => socket.destroyed || socket.readableEnded

it.each([
  ['say nothing', ''],
  ['never finish their headers', 'GET / HTTP/1.1\r\nx: '],
  ['never finish their body', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf'],
])('callers that %s give way to one with a request, the first of them first', async (_, text) => {
  await start(3)
  const slow = [await open(text), await open(text), await open(text)]
  for (const socket of slow) socket.resume()
  expect(await answered(await open(), get)).toBe('HTTP/1.1 200 OK')
  expect(slow.map(isCut)).toEqual([true, false, false])
})

it('one whose request is being answered is kept, and may ask again after the answer', async () => {
  const { release } = await start(2)
  const busy = await open()
  const first = answered(busy, 'GET /hold HTTP/1.1\r\nhost: a\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (let i = 0; i < 5; i++) expect(await answered(await open(), get)).toBe('HTTP/1.1 200 OK')
  release()
  expect(await first).toBe('HTTP/1.1 200 OK')
  expect(await answered(busy, get)).toBe('HTTP/1.1 200 OK')
})
