/** Requests to a service: timeouts, retries that honour Retry-After, the caller's signal, and errors by status. */
import { AbortedError, ClientError, ConnectionError, errorFor, TimeoutError } from './errors.ts'

export interface ConnectionOptions {
  /** Base of the service, e.g. `http://127.0.0.1:8501`. */
  readonly url: string
  /** Sent as `x-api-key`. */
  readonly apiKey?: string | undefined
  /** Milliseconds that one attempt may take. @default 60,000 */
  readonly timeout?: number | undefined
  /** Further attempts after a failure that may pass. @default 2 */
  readonly maxRetries?: number | undefined
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch | undefined
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds, in place of the connection's. */
  readonly timeout?: number | undefined
}

export interface RequestInput extends CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is, with `contentType`. */
  readonly body?: Uint8Array
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Whether a repeated request does no harm although it is not a GET: predictions. */
  readonly repeatable?: boolean
}

export interface Answer {
  readonly headers: Headers
  /** Parsed JSON; undefined for an empty body. */
  readonly json: unknown
}

export type Send = (path: string, input?: RequestInput) => Promise<Answer>

/** Most milliseconds between attempts, whatever the service asks for. */
const longestPause = 20_000

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer)
      reject(aborted(signal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })

const aborted = (signal: AbortSignal | undefined): AbortedError =>
  new AbortedError('The call was aborted by its signal.', { cause: signal?.reason })

const mayPass = (error: unknown, repeatable: boolean): boolean => {
  if (!(error instanceof ClientError)) return false
  // A request over the rate was not looked at, and neither was one that a busy service sent away.
  if (error.status === 429 || error.status === 503) return true
  const unanswered = error instanceof ConnectionError || error instanceof TimeoutError
  return repeatable && (unanswered || error.status === 502 || error.status === 504)
}

const parseError = (text: string): { readonly message: string; readonly param?: string } => {
  try {
    const { error } = JSON.parse(text) as { error?: string | { message?: string; param?: string } }
    if (typeof error === 'string') return { message: error }
    if (error?.message !== undefined) return { message: error.message, ...(error.param && { param: error.param }) }
  } catch {
    // Not JSON: a proxy's page, shown as it is.
  }
  return { message: text.slice(0, 300) }
}

export const createSend = (connection: ConnectionOptions): Send => {
  const { apiKey, fetch = globalThis.fetch, maxRetries = 2, timeout: usual = 60_000 } = connection
  const base = connection.url.replace(/\/+$/, '')

  const attempt = async (path: string, input: RequestInput): Promise<Answer> => {
    const { body, contentType, headers, json, method = 'GET', signal, timeout = usual } = input
    const timer = AbortSignal.timeout(timeout)
    const type = contentType ?? (json !== undefined || method !== 'GET' ? 'application/json' : undefined)
    const content = body ?? (json === undefined ? undefined : JSON.stringify(json))
    try {
      const response = await fetch(base + path, {
        method,
        headers: { ...headers, ...(type && { 'content-type': type }), ...(apiKey && { 'x-api-key': apiKey }) },
        ...(content !== undefined && { body: content as BodyInit }),
        signal: signal ? AbortSignal.any([signal, timer]) : timer,
      })
      const text = await response.text()
      if (response.ok) return { headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
      const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
      const requestId = response.headers.get('x-request-id')
      const { message, param } = parseError(text)
      throw errorFor(response.status, message, {
        ...(requestId && { requestId }),
        ...(param && { param }),
        ...(retryAfter >= 0 && { retryAfter }),
      })
    } catch (cause) {
      if (cause instanceof ClientError) throw cause
      if (signal?.aborted) throw aborted(signal)
      if (timer.aborted) throw new TimeoutError(`${base} gave no answer within ${timeout} ms.`, { cause })
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
      throw new ConnectionError(`No answer from ${base}: ${reason}. Is the service running? npx maas serve`, { cause })
    }
  }

  return async (path, input = {}) => {
    const repeatable = input.repeatable ?? (input.method ?? 'GET') === 'GET'
    for (let tries = 0; ; tries++) {
      try {
        return await attempt(path, input)
      } catch (error) {
        if (tries >= maxRetries || !mayPass(error, repeatable)) throw error
        const asked = error instanceof ClientError ? error.retryAfter : undefined
        const backoff = 250 * 2 ** tries * (0.5 + Math.random() / 2)
        await pause(Math.min(longestPause, asked === undefined ? backoff : asked * 1000), input.signal)
      }
    }
  }
}
