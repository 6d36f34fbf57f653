/** What every app of the service does alike: routes from the table, request ids, limits, errors in the route's dialect, 405, one log line. */
import {
  checked,
  type Dialect,
  errorReply,
  HttpError,
  type Operation,
  type PathParameters,
  type Route,
  routes,
} from '@maas/core/contract'
import { MaasError, messageOf, NotFoundError, NotReadyError } from '@maas/core/errors'
import type { z } from 'zod'
import { type Asked, askedOf, type HeaderReader, type RequestHead } from './asked.ts'
import { contentType, type Limits, readJson } from './body.ts'
import { createRouting, type Place } from './routing.ts'

/** One JSON object a line; never bodies, query strings, keys or header values. */
export interface LogEntry {
  readonly level: 'info' | 'error'
  readonly at: string
  readonly message: string
  readonly [field: string]: unknown
}
export type Log = (entry: LogEntry) => void

/** A request as a handler sees it: parameters checked, body bounded. */
export interface Call {
  readonly requestId: string
  readonly params: PathParameters
  /** Of the URL, without its query. */
  readonly path: string
  readonly headers: HeaderReader
  /** Of the body, normalised: `application/json` for all JSON. */
  readonly contentType: () => string
  readonly bytes: () => Promise<Uint8Array>
  readonly json: <T>(schema: z.ZodType<T>) => Promise<T>
  /** Of the URL, checked; InvalidInputError names the parameter. */
  readonly query: <T>(schema: z.ZodType<T>) => T
  /** Says which version this is about, for log and metrics; an answer says so by its header. */
  readonly about: (version: number) => void
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
  /** Whose key it came with; undefined where keys are off, and on routes open to anybody. */
  readonly caller: Caller | undefined
}

export interface Caller {
  /** SHA-256 of the key. */
  readonly id: string
  readonly name: string
  /** Models that predictions are kept to; all when absent. */
  readonly models?: readonly string[]
  /** Whether its requests and their price are counted. */
  readonly counted: boolean
}

/** Who may call what; absent where everybody may. */
export interface Access {
  /** Throws unauthorized, forbidden or over_quota. `env` is what the platform gave with the request. */
  enter(request: RequestHead, route: Route, params: PathParameters, env: unknown): Promise<Caller | undefined>
  /** Adds US dollars to what the caller has used. */
  charge(caller: Caller, cost: number): Promise<void>
}

/** Of an app that answers what was let in before: who asked comes with the request, and is not counted again. */
export const admitted: Access = {
  enter: async (_request, _route, _params, env) => (env as { readonly caller?: Caller } | undefined)?.caller,
  charge: async () => {},
}

/** `json` is written as JSON; `body` and `stream` go out as they are and bring their own content-type header. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: Uint8Array
  readonly stream?: ReadableStream<Uint8Array>
  /** What can wait until the answer is out. Must not throw. */
  readonly after?: () => void
}

export type Handler = (call: Call) => Promise<Reply> | Reply
export type Handlers = Readonly<Partial<Record<Operation, Handler>>>

export interface AppOptions {
  readonly log: Log
  readonly limits: Limits
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** A new request id. */
  readonly ids: () => string
  /** Throws for requests that may not come in at all; runs before routing. @default all may */
  readonly admit?: (request: RequestHead) => void | Promise<void>
  /** @default everybody may call everything */
  readonly access?: Access
  /** @default those of the service */
  readonly routes?: readonly Route[]
}

/** What the log line and an error's reply say of a request, as far as it is known. */
interface Facts {
  readonly requestId: string
  operation: Operation | 'none'
  model?: string | undefined
  caller?: string | undefined
  /** Which answered, or which a request was about that failed after it was known. */
  version?: string | undefined
  after?: (() => void) | undefined
}

/** A reply with everything that goes out. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | undefined
}

export interface App {
  /** `env` is what the platform gave with the request. */
  fetch(request: Request, env?: unknown): Promise<Response>
  /** The same for who has a request in another form, and sends the answer at once; throws where it cannot be sent like that, before any of it is. */
  answer<T>(asked: Asked, send: (answer: Answer) => T, env?: unknown): Promise<T>
  /** `fetch` of a path, for tests. */
  request(path: string, init?: RequestInit): Promise<Response>
}

/** For routes whose model is in the body. Forbidden when the caller's key is for others. */
export const checkModel = (caller: Caller | undefined, model: string): void => {
  if (caller?.models === undefined || caller.models.includes(model)) return
  throw new MaasError(
    'forbidden',
    `The key "${caller.name}" is for ${caller.models.join(', ')}; this is about ${model}.`,
  )
}

/** Which version answered. */
const versionHeader = 'x-maas-model-version'

/** US dollars. */
const costHeader = 'x-maas-cost'

/** Answers at every route that has a handler. */
export const createApp = (handlers: Handlers, options: AppOptions): App => {
  const { log, clock, limits, admit, access } = options
  const routing = createRouting(options.routes ?? routes, handlers)

  const fail = (error: unknown, dialect: Dialect, { requestId }: Facts): Answer => {
    const reply = errorReply(error, dialect, requestId)
    // What keeps a model from answering is told here alone: the caller is asked to wait.
    const kept = error instanceof NotReadyError ? error.cause : undefined
    if (reply.status === 500 || kept !== undefined) {
      log({
        level: 'error',
        at: new Date(clock()).toISOString(),
        message:
          kept !== undefined
            ? messageOf(kept)
            : error instanceof Error
              ? (error.stack ?? error.message)
              : String(error),
        request_id: requestId,
        ...(error instanceof Error && error.cause !== undefined ? { cause: String(error.cause) } : {}),
      })
    }
    return whole({ status: reply.status, headers: reply.headers, json: reply.body }, requestId)
  }

  const handle = async (asked: Asked, place: Place, facts: Facts, env: unknown): Promise<Answer> => {
    const { route, handler } = place
    facts.operation = route.operation
    const params = routing.params(place, asked.path)
    facts.model = params.model
    const caller =
      route.right === 'none' || access === undefined ? undefined : await access.enter(asked, route, params, env)
    facts.caller = caller?.name
    const reply = await handler(callOf(asked, route, params, caller, facts, limits))
    if (caller !== undefined) await access?.charge(caller, Number(reply.headers?.[costHeader] ?? 0))
    facts.version = reply.headers?.[versionHeader] ?? facts.version
    facts.after = reply.after
    return whole(reply, facts.requestId)
  }

  const answerTo = async (asked: Asked, facts: Facts, env: unknown): Promise<Answer> => {
    try {
      const admitted = admit?.(asked)
      if (admitted !== undefined) await admitted
    } catch (error) {
      return fail(error, dialectOf(asked.path), facts)
    }
    const place = routing.find(asked.method, asked.path)
    if (place === undefined) return missed(asked, facts)
    try {
      return await handle(asked, place, facts, env)
    } catch (error) {
      return fail(error, place.route.dialect, facts)
    }
  }

  const missed = ({ method, path }: Asked, facts: Facts): Answer => {
    const here = routing.at(path)
    if (here === undefined)
      return fail(new NotFoundError(`Nothing is at ${path.slice(0, 200)}.`), dialectOf(path), facts)
    const allow = here.methods.join(', ')
    const error = new HttpError(405, `method: got ${method}; this path takes ${allow}.`, { allow })
    return fail(error, here.route.dialect, facts)
  }

  const answer: App['answer'] = async (asked, send, env) => {
    const started = clock()
    const given = asked.headers.get('x-request-id') ?? ''
    const facts: Facts = { requestId: /^[\w.-]{1,64}$/.test(given) ? given : options.ids(), operation: 'none' }
    let made = await answerTo(asked, facts, env)
    const ms = clock() - started
    // The caller first: who counts can wait.
    let sent: ReturnType<typeof send>
    try {
      sent = send(made)
    } catch (error) {
      // Such as a header that cannot be sent.
      made = fail(error, dialectOf(asked.path), facts)
      sent = send(made)
    }
    facts.after?.()
    log({
      level: 'info',
      at: new Date(started).toISOString(),
      message: 'request',
      request_id: facts.requestId,
      method: asked.method,
      path: asked.path,
      operation: facts.operation,
      ...(facts.model !== undefined && { model: facts.model }),
      ...(facts.caller !== undefined && { caller: facts.caller }),
      ...(facts.version !== undefined && { version: facts.version }),
      status: made.status,
      ms: Math.round(ms * 1000) / 1000,
    })
    return sent
  }
  const fetch: App['fetch'] = (request, env) => answer(askedOf(request), responseTo(request), env)
  return {
    answer,
    fetch,
    request: (path, init) => fetch(new Request(new URL(path, 'http://localhost'), init)),
  }
}

const callOf = (
  asked: Asked,
  route: Route,
  params: PathParameters,
  caller: Caller | undefined,
  facts: Facts,
  limits: Limits,
): Call => {
  const type = () => contentType(asked.headers, route.request ?? {}, route.right === 'control')
  let body: Promise<Uint8Array> | undefined
  const bytes = () => {
    body ??= asked.read(limits.bodyBytes)
    return body
  }
  return {
    requestId: facts.requestId,
    params,
    path: asked.path,
    headers: asked.headers,
    contentType: type,
    bytes,
    json: async (schema) => {
      type()
      return readJson(await bytes(), schema)
    },
    query: (schema) => checked(schema, Object.fromEntries(new URL(asked.url).searchParams), 'query'),
    about: (version) => {
      facts.version = String(version)
    },
    get signal() {
      return asked.signal
    },
    caller,
  }
}

/** Of paths that no route has. */
const dialectOf = (path: string): Dialect => (/^\/v[12](\/|$)/.test(path) ? 'serving' : 'control')

/** With every header from the start, and its text whole: one write sends it. */
const whole = ({ status = 200, headers, json, body, stream }: Reply, requestId: string): Answer => ({
  status,
  headers: {
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...headers,
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
  },
  body: json === undefined ? (stream ?? body) : JSON.stringify(json),
})

const responseTo =
  ({ method }: Request) =>
  ({ status, headers, body }: Answer): Response =>
    new Response(method === 'HEAD' ? null : ((body ?? null) as BodyInit | null), { status, headers })
