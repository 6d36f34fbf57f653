import { HttpError } from '@maas/core/contract'
import { contentType, parseJson, readBody } from '@maas/core/http'
import { describe, expect, it } from 'vitest'

const text = (value: string) => Buffer.from(value, 'latin1')

describe('parseJson', () => {
  it.each([
    ['{"a": [1, NaN]}', 'NaN at line 1 column 11 (position 10) is not a JSON value; only finite numbers are taken'],
    ['{"a":\n  -Infinity}', '-Infinity at line 2 column 3 (position 8)'],
    ['{"a":1,}', 'property name expected at line 1 column 8 (position 7)'],
    ['[1,2', 'close bracket expected at line 1 column 5 (position 4)'],
    ["{'a':1}", 'line 1 column 2 (position 1)'],
    ['// note\n{}', 'line 1 column 1 (position 0)'],
    ['{} x', 'line 1 column 4 (position 3)'],
    ['', 'The body is empty'],
    ['\xff\xfe', 'not UTF-8 text; send JSON as UTF-8'],
    ['\x89PNG\r\n\x1a\n', 'looks like a PNG image'],
    ['RIFF\xff\0\0\0WEBPVP8 ', 'looks like a WebP image'],
  ])('says where %j is wrong', (body, message) => {
    expect(() => parseJson(text(body))).toThrow(message)
  })

  it('reads what is right, with a byte order mark too', () => {
    expect(parseJson(Buffer.from('\ufeff{"ä": [1.5e3, null]}'))).toEqual({ ä: [1500, null] })
  })
})

describe('readBody', () => {
  const streamed = (sizes: number[]) =>
    new Request('http://x', {
      method: 'POST',
      body: new ReadableStream({
        start: (controller) => {
          for (const size of sizes) controller.enqueue(new Uint8Array(size))
          controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit)

  it('takes a body of exactly the limit, and none that is a byte longer', async () => {
    expect((await readBody(streamed([60, 40]), 100)).length).toBe(100)
    await expect(readBody(streamed([60, 41]), 100)).rejects.toMatchObject({ code: 'too_large' })
  })

  it('stops reading at the limit, however much would follow', async () => {
    let pulled = 0
    const endless = new Request('http://x', {
      method: 'POST',
      body: new ReadableStream({
        pull: (controller) => {
          pulled++
          controller.enqueue(new Uint8Array(10))
        },
      }),
      duplex: 'half',
    } as RequestInit)
    await expect(readBody(endless, 100)).rejects.toMatchObject({ code: 'too_large' })
    expect(pulled).toBeLessThan(20)
  })

  it('believes no smaller length than what comes', async () => {
    const lying = new Request('http://x', { method: 'POST', body: 'x'.repeat(200), headers: { 'content-length': '5' } })
    await expect(readBody(lying, 100)).rejects.toMatchObject({ code: 'too_large' })
  })

  it('is empty without a body', async () => {
    expect((await readBody(new Request('http://x'), 100)).length).toBe(0)
  })
})

describe('contentType', () => {
  const contents = { 'application/json': 'binary', 'image/png': 'binary' } as const
  const of = (type: string | undefined, strict: boolean) =>
    contentType(new Headers(type === undefined ? {} : { 'content-type': type }), contents, strict)

  it('forgives on the data plane what curl says by itself', () => {
    expect(of(undefined, false)).toBe('application/json')
    expect(of('application/x-www-form-urlencoded', false)).toBe('application/json')
    expect(of('IMAGE/PNG; x=y', false)).toBe('image/png')
  })

  it('takes nothing but said JSON where state changes: a form in a browser cannot say it', () => {
    expect(of('application/json', true)).toBe('application/json')
    for (const type of [undefined, 'application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
      expect(() => of(type, true), String(type)).toThrow(HttpError)
    }
  })
})
