/** One HTTP exchange with a service: key, time limit, retries, and failures turned into typed errors. */
import { AbortedError, ConnectionError, errorForStatus, type MaasError, TimeoutError } from '../errors.ts'
import type { CallOptions } from '../types.ts'
import { delayOf, isRetryable, parseRetryAfter, type Repeatable, type RetryPolicy, sleep } from './retry.ts'

export interface ClientOptions {
  /** Where the service is, e.g. `http://127.0.0.1:8501`. */
  readonly url: string
  readonly apiKey?: string | undefined
  /** Milliseconds for one attempt. @default 60 s */
  readonly timeout?: number | undefined
  /** Attempts after the first. @default 2 */
  readonly maxRetries?: number | undefined
  /** @default the global fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** For tests. */
  readonly random?: RetryPolicy['random'] | undefined
  readonly sleep?: RetryPolicy['sleep'] | undefined
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly json?: string
  readonly bytes?: { readonly type: string; readonly body: Uint8Array }
  readonly headers?: Readonly<Record<string, string>>
  /** @default `safe` for GET, else `refused` */
  readonly repeatable?: Repeatable
}

export interface Answer {
  readonly headers: Headers
  readonly text: string
}

/** Sends requests until one is answered or the retries are used up. */
export class Http {
  readonly url: string
  readonly #apiKey: string | undefined
  readonly #timeout: number
  readonly #fetch: typeof globalThis.fetch
  readonly #policy: RetryPolicy

  constructor(options: ClientOptions) {
    if (!/^https?:\/\//.test(options.url)) {
      throw new ConnectionError(`url: got ${JSON.stringify(options.url)}; it must start with http:// or https://`)
    }
    this.url = options.url.replace(/\/+$/, '')
    this.#apiKey = options.apiKey
    this.#timeout = options.timeout ?? 60_000
    this.#fetch = options.fetch ?? globalThis.fetch
    this.#policy = {
      maxRetries: options.maxRetries ?? 2,
      random: options.random ?? Math.random,
      sleep: options.sleep ?? sleep,
    }
  }

  /** The answer of the first attempt that succeeds; throws the last one's error. */
  async send(request: Request, options: CallOptions = {}): Promise<Answer> {
    const { maxRetries, random } = this.#policy
    const repeatable = request.repeatable ?? (request.method === 'GET' ? 'safe' : 'refused')
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#attempt(request, options)
      if (!(outcome instanceof Error)) return outcome
      const given = outcome instanceof AbortedError
      if (given || attempt >= maxRetries || !isRetryable(outcome.status, repeatable)) throw outcome
      await this.#policy.sleep(delayOf(attempt, outcome.retryAfter, random), options.signal)
    }
  }

  async json<T>(request: Request, options?: CallOptions): Promise<T> {
    const { text } = await this.send(request, options)
    return parse(text, this.url) as T
  }

  async #attempt(request: Request, { signal, timeout = this.#timeout }: CallOptions): Promise<Answer | MaasError> {
    const clock = AbortSignal.timeout(timeout)
    // A browser's own refuses to be called as anything's method.
    const send = this.#fetch
    try {
      const response = await send(this.url + request.path, {
        method: request.method,
        headers: this.#headers(request),
        signal: signal ? AbortSignal.any([signal, clock]) : clock,
        ...(request.json !== undefined && { body: request.json }),
        ...(request.bytes && { body: request.bytes.body as BodyInit }),
      })
      const text = await response.text()
      return response.ok ? { headers: response.headers, text } : failureOf(response, text)
    } catch (cause) {
      if (signal?.aborted) return new AbortedError('the call was aborted', { cause })
      if (clock.aborted) return new TimeoutError(`no answer from ${this.url} within ${timeout / 1000} s`, { cause })
      const reason =
        cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause)
      return new ConnectionError(`${this.url} cannot be reached: ${reason}. Is the service running? npx maas serve`, {
        cause,
      })
    }
  }

  #headers({ bytes, headers }: Request): Record<string, string> {
    // A change of state needs a JSON content type, whether it has a body or not.
    return {
      accept: 'application/json',
      'content-type': bytes?.type ?? 'application/json',
      ...(this.#apiKey !== undefined && { 'x-api-key': this.#apiKey }),
      ...headers,
    }
  }
}

const parse = (text: string, url: string): unknown => {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConnectionError(
      `${url} answered with something that is not JSON: ${text.slice(0, 100)}; is it a maas service?`,
      { cause },
    )
  }
}

/** `{"error": "text"}` of the data plane, `{"error": {code, message, param, request_id}}` of the control plane. */
const failureOf = (response: Response, text: string): MaasError => {
  const error = errorIn(text)
  const details = typeof error === 'object' && error !== null ? (error as Record<string, string | undefined>) : {}
  const message =
    typeof error === 'string' ? error : (details.message ?? `HTTP ${response.status}: ${text.slice(0, 200)}`)
  return errorForStatus(response.status, message, {
    code: details.code,
    param: details.param,
    requestId: details.request_id ?? response.headers.get('x-request-id') ?? undefined,
    retryAfter: parseRetryAfter(response.headers.get('retry-after'), Date.now()),
  })
}

const errorIn = (text: string): unknown => {
  try {
    return (JSON.parse(text) as { error?: unknown }).error
  } catch {
    return undefined
  }
}

/** A URL's path with every value escaped. */
export const path = (parts: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  parts.reduce((text, part, i) => text + pathPart(values[i - 1] ?? '', text) + part)

/** One value, escaped; empty values and `..` would lead elsewhere and are refused. */
export const pathPart = (value: string | number, address: string): string => {
  if (/^\.{0,2}$/.test(String(value)))
    throw errorForStatus(400, `${JSON.stringify(String(value))} cannot be part of the address ${address}`)
  return encodeURIComponent(String(value))
}
