import { describe, expect, it } from 'vitest'
import {
  AbortedError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  ConnectionError,
  MaasError,
  NotFoundError,
  NotReadyError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  TimeoutError,
  TooLargeError,
  UnsupportedError,
} from '../../../sdk/src/errors.ts'
import { Http, path } from '../../../sdk/src/remote/http.ts'
import { delayOf, isRetryable, parseRetryAfter } from '../../../sdk/src/remote/retry.ts'

type Step = Response | Error | ((init: RequestInit) => Promise<Response>)

/** Answers with the steps in turn, and keeps what was asked and how long was slept. */
const scripted = (steps: readonly Step[], options: Partial<ConstructorParameters<typeof Http>[0]> = {}) => {
  const asked: { url: string; init: RequestInit }[] = []
  const slept: number[] = []
  const http = new Http({
    url: 'http://service/',
    random: () => 0,
    sleep: async (milliseconds) => void slept.push(milliseconds),
    fetch: async (url, init = {}) => {
      const step = steps[asked.length]
      asked.push({ url: String(url), init })
      if (step === undefined) throw new Error('asked too often')
      if (step instanceof Error) throw step
      return typeof step === 'function' ? step(init) : step
    },
    ...options,
  })
  return { http, asked, slept }
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers })
const get = { method: 'GET', path: '/x' } as const
const put = { method: 'PUT', path: '/x', json: '{}' } as const

describe('an answer', () => {
  it('is read as JSON, with the key sent along', async () => {
    const { http, asked } = scripted([json(200, { a: 1 })], { apiKey: 'secret' })
    expect(await http.json(get)).toEqual({ a: 1 })
    expect(asked[0]?.url).toBe('http://service/x')
    expect(asked[0]?.init.headers).toMatchObject({ 'x-api-key': 'secret', 'content-type': 'application/json' })
  })

  it.each([
    [400, BadRequestError],
    [401, AuthenticationError],
    [403, PermissionDeniedError],
    [404, NotFoundError],
    [409, ConflictError],
    [412, ConflictError],
    [413, TooLargeError],
    [415, BadRequestError],
    [422, UnsupportedError],
    [429, RateLimitError],
    [500, ServerError],
    [503, NotReadyError],
    [504, TimeoutError],
  ])("of status %i becomes its own class with the service's words", async (status, Class) => {
    const { http } = scripted([json(status, { error: { code: 'c', message: 'what', param: 'p', request_id: 'r' } })], {
      maxRetries: 0,
    })
    const error = await http.send(get).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Class)
    expect(error).toBeInstanceOf(MaasError)
    expect(error).toMatchObject({ message: 'what', status, code: 'c', param: 'p', requestId: 'r' })
  })

  it("in the data plane's dialect, or in none, still says what happened", async () => {
    const { http } = scripted([json(404, { error: 'no model x' }), new Response('<html>', { status: 400 })])
    await expect(http.send(get)).rejects.toThrow('no model x')
    await expect(http.send(get)).rejects.toThrow('HTTP 400: <html>')
  })

  it('that is not JSON is refused', async () => {
    const { http } = scripted([new Response('hello', { status: 200 })])
    await expect(http.json(get)).rejects.toThrow('is it a maas service?')
  })
})

describe('a failed attempt', () => {
  it('waits as long as the service asks', async () => {
    const { http, asked, slept } = scripted([json(503, {}, { 'retry-after': '3' }), json(200, 1)])
    expect(await http.json(get)).toBe(1)
    expect(asked).toHaveLength(2)
    expect(slept).toEqual([3000])
  })

  it('is given up after the allowed retries', async () => {
    const { http, asked } = scripted([new TypeError('x'), new TypeError('x'), new TypeError('x'), json(200, 1)])
    await expect(http.send(get)).rejects.toThrow(ConnectionError)
    expect(asked).toHaveLength(3)
  })

  it('of a change is repeated only when the service says that it did nothing', async () => {
    const broken = scripted([new TypeError('reset'), json(200, 1)])
    await expect(broken.http.send(put)).rejects.toThrow(ConnectionError)
    const failed = scripted([json(500, {}), json(200, 1)])
    await expect(failed.http.send(put)).rejects.toThrow(ServerError)
    const busy = scripted([json(429, {}), json(200, 1)])
    expect(await busy.http.json(put)).toBe(1)
  })

  it('of a prediction is repeated, for it changes nothing', async () => {
    const { http } = scripted([new TypeError('reset'), json(200, 1)])
    expect(await http.json({ ...put, method: 'POST', repeatable: 'safe' })).toBe(1)
  })

  it('is not repeated when the request is wrong', async () => {
    const { http, asked } = scripted([json(400, {}), json(200, 1)])
    await expect(http.send(get)).rejects.toThrow(BadRequestError)
    expect(asked).toHaveLength(1)
  })
})

const hanging = (init: RequestInit): Promise<Response> =>
  new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason)))

describe('a call without an answer', () => {
  it('ends with a TimeoutError', async () => {
    const { http } = scripted([hanging], { timeout: 20, maxRetries: 0 })
    await expect(http.send(get)).rejects.toThrow(TimeoutError)
  })

  it('ends at once when the caller aborts, without a retry', async () => {
    const { http, asked } = scripted([hanging, hanging])
    const controller = new AbortController()
    const call = http.send(get, { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toThrow(AbortedError)
    expect(asked).toHaveLength(1)
  })

  it('says how to start a service when none is there', async () => {
    const { http } = scripted([new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })], {
      maxRetries: 0,
    })
    await expect(http.send(get)).rejects.toThrow('connect ECONNREFUSED. Is the service running? npx maas serve')
  })
})

describe('retry rules', () => {
  it('double with full jitter up to a minute', () => {
    expect([0, 1, 2, 20].map((attempt) => delayOf(attempt, undefined, () => 1))).toEqual([250, 500, 1000, 60_000])
    expect(delayOf(3, undefined, () => 0)).toBe(0)
  })

  it('add up to a tenth to what the service asked for', () => {
    expect(delayOf(0, 10, () => 0)).toBe(10_000)
    expect(delayOf(0, 10, () => 1)).toBe(11_000)
    expect(delayOf(0, 1e9, () => 0)).toBe(60_000)
  })

  it('read seconds and dates', () => {
    expect(parseRetryAfter('5', 0)).toBe(5)
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 4000)).toBe(6)
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 40_000)).toBe(0)
    expect(parseRetryAfter('soon', 0)).toBeUndefined()
    expect(parseRetryAfter(null, 0)).toBeUndefined()
  })

  it('never repeat what the caller got wrong', () => {
    for (const status of [400, 401, 403, 404, 409, 413, 422]) expect(isRetryable(status, 'safe')).toBe(false)
  })
})

describe('a path', () => {
  it('escapes its values', () => {
    expect(path`/models/${'a/b c'}/versions/${3}`).toBe('/models/a%2Fb%20c/versions/3')
  })

  it.each(['', '.', '..'])('refuses %j, which would lead elsewhere', (value) => {
    expect(() => path`/models/${value}`).toThrow(BadRequestError)
  })
})

it('refuses an address that is no URL', () => {
  expect(() => new Http({ url: 'localhost:8501' })).toThrow('must start with http:// or https://')
})
