import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createServer, drain, listen, webListener } from '../../../../functions/local/server.ts'

const start = async (fetch: (request: Request) => Response | Promise<Response>, requestSeconds = 30) => {
  const server = createServer({ listener: webListener(async (asked) => fetch(asked)), requestSeconds })
  return { server, port: await listen(server, '127.0.0.1', 0) }
}

it('says which port is taken and what to type', async () => {
  const { server, port } = await start(() => new Response('x'))
  const second = createServer({ listener: () => {}, requestSeconds: 30 })
  await expect(listen(second, '127.0.0.1', port)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(new RegExp(`Port ${port} on 127.0.0.1 is taken.*--port`)),
  })
  await drain(server, 1)
})

it('says when the address is not of this machine', async () => {
  const server = createServer({ listener: () => {}, requestSeconds: 30 })
  await expect(listen(server, '192.0.2.1', 0)).rejects.toThrow('192.0.2.1 is not an address of this machine')
})

it('lets an open request finish when it closes, and takes no new one', async () => {
  let release: () => void = () => {}
  const { server, port } = await start(async () => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return new Response('done')
  })
  const answer = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
  await sleep(100)
  const closed = drain(server, 5)
  await sleep(50)
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  release()
  expect(await answer).toBe('done')
  await closed
})

it('cuts requests that outlast the time given', async () => {
  const { server, port } = await start(() => new Promise<Response>(() => {}))
  const answer = fetch(`http://127.0.0.1:${port}/`).then(
    () => 'answered',
    () => 'cut',
  )
  await sleep(50)
  await drain(server, 0.1)
  expect(await answer).toBe('cut')
})

it('gives up on a caller who sends too slowly', async () => {
  const { server, port } = await start(async (incoming) => new Response(await incoming.text()), 1)
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nslow')
  const reply = await new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
  })
  expect(reply).toMatch(/^(HTTP\/1.1 408|$)/)
  await drain(server, 1)
})

it('refuses headers over 16 KB', async () => {
  const { server, port } = await start(() => new Response('x'))
  const status = await new Promise((resolve) => {
    request({ port, host: '127.0.0.1', headers: { 'x-large': 'x'.repeat(20_000) } }, (response) => {
      resolve(response.statusCode)
      response.resume()
    }).end()
  })
  expect(status).toBe(431)
  await drain(server, 1)
})
