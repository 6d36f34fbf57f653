/** What every app of the service does alike: routes from the table, request ids, limits, errors in the route's dialect, 405, one log line. */
import {
  checked,
  type Dialect,
  errorReply,
  HttpError,
  type Operation,
  type PathParameters,
  pathParameters,
  pathPattern,
  type Route,
  routes,
} from '@maas/core/contract'
import { MaasError, messageOf, NotFoundError, NotReadyError } from '@maas/core/errors'
import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { contentType, type Limits, readBody, readJson } from './body.ts'

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
  readonly headers: Headers
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
  enter(request: Request, route: Route, params: PathParameters, env: unknown): Promise<Caller | undefined>
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
  readonly admit?: (request: Request) => void | Promise<void>
  /** @default everybody may call everything */
  readonly access?: Access
  /** @default those of the service */
  readonly routes?: readonly Route[]
}

type Variables = {
  requestId: string
  operation: Operation | 'none'
  model: string | undefined
  caller: string | undefined
  /** Which answered, or which a request was about that failed after it was known. */
  version: string | undefined
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

/** Mounts every route that has a handler. */
export const createApp = (handlers: Handlers, options: AppOptions): Hono<{ Variables: Variables }> => {
  const app = new Hono<{ Variables: Variables }>()
  const mounted = (options.routes ?? routes).filter((route) => handlers[route.operation] !== undefined)

  app.use(async (c, next) => {
    const started = options.clock()
    const given = c.req.header('x-request-id') ?? ''
    const requestId = /^[\w.-]{1,64}$/.test(given) ? given : options.ids()
    c.set('requestId', requestId)
    c.set('operation', 'none')
    try {
      await options.admit?.(c.req.raw)
      await next()
    } catch (error) {
      c.res = fail(c, error, dialectOf(c.req.path))
    }
    const ms = options.clock() - started
    const version = c.get('version')
    options.log({
      level: 'info',
      at: new Date(started).toISOString(),
      message: 'request',
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      operation: c.get('operation'),
      ...(c.get('model') !== undefined && { model: c.get('model') }),
      ...(c.get('caller') !== undefined && { caller: c.get('caller') }),
      ...(version !== undefined && { version }),
      status: c.res.status,
      ms: Math.round(ms * 1000) / 1000,
    })
  })

  const fail = (c: Context<{ Variables: Variables }>, error: unknown, dialect: Dialect): Response => {
    const requestId = c.get('requestId')
    const reply = errorReply(error, dialect, requestId)
    // What keeps a model from answering is told here alone: the caller is asked to wait.
    const kept = error instanceof NotReadyError ? error.cause : undefined
    if (reply.status === 500 || kept !== undefined) {
      options.log({
        level: 'error',
        at: new Date(options.clock()).toISOString(),
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
    return write({ status: reply.status, headers: reply.headers, json: reply.body }, requestId)
  }

  for (const route of mounted) {
    const handler = handlers[route.operation] as Handler
    const placed = placedIn(route.path)
    // AWS' clients end an endpoint's own path in a slash.
    const paths = route.dialect === 'sagemaker' ? [route.path, `${route.path}/`] : [honoPath(route.path)]
    app.on(route.method, paths, async (c) => {
      c.set('operation', route.operation)
      try {
        const open = toCall(c, route, placed, options.limits)
        c.set('model', open.params.model)
        const caller =
          route.right === 'none' ? undefined : await options.access?.enter(c.req.raw, route, open.params, c.env)
        c.set('caller', caller?.name)
        const reply = await handler(Object.assign(open, { caller }))
        if (caller !== undefined) await options.access?.charge(caller, Number(reply.headers?.[costHeader] ?? 0))
        const answered = reply.headers?.[versionHeader]
        if (answered !== undefined) c.set('version', answered)
        return write(reply, c.get('requestId'))
      } catch (error) {
        return fail(c, error, route.dialect)
      }
    })
  }

  const patterns = mounted.map((route) => ({ route, pattern: pathPattern(route.path) }))
  app.notFound((c) => {
    const here = patterns.filter(({ pattern }) => pattern.test(c.req.path)).map(({ route }) => route)
    if (here.length === 0) {
      const error = new NotFoundError(`Nothing is at ${c.req.path.slice(0, 200)}.`)
      return fail(c, error, dialectOf(c.req.path))
    }
    const methods = here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    const allow = methods.join(', ')
    const error = new HttpError(405, `method: got ${c.req.method}; this path takes ${allow}.`, { allow })
    return fail(c, error, here[0]?.dialect ?? 'control')
  })
  app.onError((error, c) => fail(c, error, 'control'))
  return app
}

/** `/v1/models/{model}:predict` → `/v1/models/:model{[^/:]+:predict}`: a bare `:model:predict` would match anything. */
export const honoPath = (path: string): string =>
  path
    .split('/')
    .map((part) => part.replace(/^\{(\w+)\}(.*)$/, ':$1{[^/:]+$2}'))
    .join('/')

/** Of a route's path: each parameter's name and what stands behind it, such as `:predict`. */
type Placed = readonly (readonly [name: keyof typeof pathParameters, suffix: string])[]

const placedIn = (path: string): Placed =>
  Array.from(path.matchAll(/\{(\w+)\}([^/]*)/g), ([, name, suffix = '']) => [name as Placed[number][0], suffix])

const toCall = (c: Context, route: Route, placed: Placed, limits: Limits): Omit<Call, 'caller'> => {
  const params: Record<string, unknown> = {}
  for (const [name, suffix] of placed) {
    const text = (c.req.param(name) ?? '').slice(0, suffix === '' ? undefined : -suffix.length)
    params[name] = checked<unknown>(pathParameters[name], text, name)
  }
  const contents = route.request ?? {}
  const type = () => contentType(c.req.raw.headers, contents, route.right === 'control')
  let body: Promise<Uint8Array> | undefined
  const bytes = () => {
    body ??= readBody(c.req.raw, limits.bodyBytes, c.env ?? {})
    return body
  }
  return {
    requestId: c.get('requestId'),
    params: params as PathParameters,
    path: c.req.path,
    headers: c.req.raw.headers,
    contentType: type,
    bytes,
    json: async (schema) => {
      type()
      return readJson(await bytes(), schema)
    },
    query: (schema) => checked(schema, Object.fromEntries(new URL(c.req.url).searchParams), 'query'),
    about: (version) => c.set('version', String(version)),
    // Made when it is asked for: few requests have to be told of, and each signal costs.
    get signal() {
      return c.req.raw.signal
    },
  }
}

/** Of paths that no route has. */
const dialectOf = (path: string): Dialect => (/^\/v[12](\/|$)/.test(path) ? 'serving' : 'control')

/**
 * With every header from the start: one that is put in afterwards makes Hono wrap the answer anew, and its text is then
 * read as a stream, which took longer than the prediction.
 */
const write = ({ status = 200, headers, json, body, stream }: Reply, requestId: string): Response =>
  new Response(json === undefined ? (((stream ?? body) as BodyInit | undefined) ?? null) : JSON.stringify(json), {
    status,
    headers: {
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
      'x-request-id': requestId,
      'x-content-type-options': 'nosniff',
    },
  })
