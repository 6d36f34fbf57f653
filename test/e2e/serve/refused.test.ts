/** Every kind of bad request gets its own answer, over a real connection, and the model still answers afterwards. */
import { connect } from 'node:net'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, makeRegistry, post, postImage, rowsOf, runService } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let url: string

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
  url = `${service.url}/v1/models/tiny`
  await post(`${url}:predict`, { instances: rowsOf(1) })
})
afterAll(async () => {
  const reply = await post(`${url}:predict`, { instances: rowsOf(1) })
  expect(reply.status).toBe(200)
  expect(service.entries.filter(({ level }) => level === 'error')).toEqual([])
  await service.close()
  await registry.remove()
})

/** A PNG of any size whose header is honest and whose pixels compress to nothing. */
const hugePng = (width: number, height: number): Uint8Array<ArrayBuffer> => {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length)
    frame.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = deflateSync(Buffer.alloc((width * 3 + 1) * 200))
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('89504e470d0a1a0a', 'hex'),
      chunk('IHDR', header),
      chunk('IDAT', rows),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

const crc32 = (bytes: Buffer): number => {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe('images', () => {
  it('that are corrupt', async () => {
    const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer()
    const reply = await postImage(`${url}:classify`, new Uint8Array(jpeg.subarray(0, jpeg.length / 2)), 'image/jpeg')
    expect([reply.status, reply.body]).toEqual([400, { error: expect.stringContaining('JPEG is damaged') }])
  })

  it('that are no images', async () => {
    const reply = await postImage(`${url}:predict`, new Uint8Array(Buffer.from('hello')), 'image/png')
    expect([reply.status, reply.body]).toEqual([422, { error: expect.stringContaining('JPEG, PNG and WebP') }])
    const empty = await postImage(`${url}:predict`, new Uint8Array(), 'image/png')
    expect(empty.status).toBeGreaterThanOrEqual(400)
    expect(empty.status).toBeLessThan(500)
  })

  it('of 20,000 x 20,000 pixels, before they are unpacked', async () => {
    const bomb = hugePng(20_000, 20_000)
    const started = performance.now()
    const reply = await postImage(`${url}:predict`, bomb, 'image/png')
    expect([reply.status, reply.body]).toEqual([
      413,
      { error: expect.stringMatching(/20000 x 20000 = 400000000 pixels; 64000000/) },
    ])
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('JSON', () => {
  const [row = []] = rowsOf(1)
  it.each<[string, unknown, number, string]>([
    ['malformed', '{"instances": [[1, 2}', 400, 'is not JSON'],
    ['with NaN', '{"instances": [NaN]}', 400, 'NaN at line 1 column 16'],
    ['with Infinity', '{"instances": [Infinity]}', 400, 'only finite numbers'],
    ['with a number that overflows', '{"instances": [[[[1e999]]]]}', 400, 'instances[0]'],
    ['of a wrong shape', { instances: [[1, 2, 3]] }, 400, 'the shape [any, 8, 8, 3]'],
    [
      'of a wrong dtype',
      { instances: [row.map((line) => line.map((pixel) => pixel.map(String)))] },
      400,
      'instances[0][0][0][0]: got "',
    ],
    ['without examples', { instances: [] }, 400, 'at least one example'],
    ['with too many examples', { instances: Array(1025).fill(0) }, 413, 'at most 1024'],
    ['with neither form', {}, 400, 'exactly one of'],
  ])('%s', async (_, body, status, message) => {
    const reply = await post(`${url}:predict`, body)
    expect([reply.status, reply.body]).toEqual([status, { error: expect.stringContaining(message) }])
  })

  it('over the limit, declared or not', async () => {
    const large = 'x'.repeat(6 * 1024 * 1024 + 1)
    const declared = await post(`${url}:predict`, large)
    expect([declared.status, declared.body]).toEqual([413, { error: expect.stringContaining('at most 6291456') }])
    const body = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 7; i++) controller.enqueue(new Uint8Array(1024 * 1024).fill(32))
        controller.close()
      },
    })
    const headers = { 'content-type': 'application/json' }
    const counted = await ask(`${url}:predict`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    expect(counted.status).toBe(413)
  })
})

describe('names', () => {
  it.each([
    ['/v1/models/tin:predict', 404, 'tiny'],
    ['/v1/models/tiny/versions/9:predict', 404, '9'],
    ['/v1/models/tiny/labels/prod:predict', 404, 'production'],
    ['/v1/models/..%2f..%2fetc%2fpasswd:predict', 400, 'a model name is'],
    ['/v1/models/tiny/labels/..%2fproduction:predict', 400, 'label: got'],
    ['/v1/models/TINY:predict', 400, 'a model name is'],
  ])('%s', async (path, status, message) => {
    const reply = await post(`${service.url}${path}`, { instances: rowsOf(1) })
    expect([reply.status, reply.body]).toEqual([status, { error: expect.stringContaining(message) }])
  })

  it('that climb out of the path without escapes', async () => {
    const reply = await new Promise<string>((resolve) => {
      const socket = connect(service.port, '127.0.0.1')
      let text = ''
      socket.on('data', (data) => {
        text += data
      })
      socket.on('close', () => resolve(text))
      socket.write('GET /models/../../../etc/passwd HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    })
    expect(reply).toMatch(/^HTTP\/1.1 404/)
    expect(reply).not.toContain('root:')
  })
})

describe('browsers', () => {
  const raw = (lines: string[]): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(service.port, '127.0.0.1')
      let text = ''
      socket.on('data', (data) => {
        text += data
      })
      socket.on('close', () => resolve(text))
      socket.write([...lines, 'connection: close', '', ''].join('\r\n'))
    })

  it('that were led here by a rebound name', async () => {
    expect(await raw(['GET /models HTTP/1.1', 'host: evil.example'])).toMatch(/^HTTP\/1.1 421/)
  })

  it('that post from other sites, or without saying JSON', async () => {
    const path = `${service.url}/models/tiny/aliases/production`
    const form = await ask(path, {
      method: 'PUT',
      body: 'version=2',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(form.status).toBe(415)
    const text = await ask(path, { method: 'PUT', body: '{"version":2}' })
    expect(text.status).toBe(415)
    const site = await raw([
      'DELETE /models/tiny/aliases/production HTTP/1.1',
      'host: localhost',
      'origin: https://evil.example',
    ])
    expect(site).toMatch(/^HTTP\/1.1 403/)
    expect((await registry.registry.alias('tiny', 'production')).targets).toEqual([{ version: 1, weight: 100 }])
  })
})
