/** What every Lambda of the service shares: API Gateway events into the apps, log lines that say where they come from, environment read by name. */
import type { StreamifyHandler } from 'aws-lambda'
import { Hono } from 'hono'
import { handle, type LambdaContext, type LambdaEvent, streamHandle } from 'hono/aws-lambda'
import { cors } from 'hono/cors'
import { MaasError } from '../errors.ts'
import { createTelemetry, observed, recordAnswer, type Telemetry } from '../telemetry/index.ts'
import type { Log, LogEntry } from './app.ts'

/** The variable's value; an error that names it when it is missing. */
export const required = (env: NodeJS.ProcessEnv, name: string): string => {
  const value = env[name]
  if (value) return value
  throw new MaasError(
    'internal',
    `The environment variable ${name} is not set; the stack that deploys this function sets it.`,
  )
}

/** Origins that browsers may call from, as the stack writes them: separated by commas, empty for none. */
export const originsOf = (env: NodeJS.ProcessEnv): readonly string[] =>
  (env.MAAS_CORS_ORIGINS ?? '').split(',').filter((origin) => origin !== '')

interface FetchApp {
  fetch(request: Request, env?: unknown): Response | Promise<Response>
}

export type LambdaHandler = (event: LambdaEvent, context: LambdaContext) => Promise<unknown>

/** Powertools' JSON lines with the function's name, its own request id and whether this was a cold start; answered requests are measured too. */
export const createLambdaLog = (name: string): Telemetry & { readonly log: Log } => {
  const telemetry = createTelemetry(name)
  const log: Log = (entry) => {
    const { level, at: _, message, ...fields } = entry
    telemetry.logger[level](message, fields)
    if (message === 'request') recordAnswer(telemetry, answeredOf(entry))
  }
  return { ...telemetry, log }
}

/** Of the one line that the app writes for each request. */
const answeredOf = (entry: LogEntry) => ({
  operation: String(entry.operation),
  requestId: String(entry.request_id),
  status: Number(entry.status),
  ms: Number(entry.ms),
  model: entry.model === undefined ? undefined : String(entry.model),
  version: entry.version === undefined ? undefined : String(entry.version),
})

const withCors = (app: FetchApp, origins: readonly string[]): Hono => {
  const outer = new Hono()
  if (origins.length > 0) {
    outer.use(
      cors({
        origin: [...origins],
        exposeHeaders: ['etag', 'retry-after', 'server-timing', 'x-maas-cost', 'x-request-id'],
      }),
    )
  }
  // What came with the event holds what the authorizer found.
  outer.mount('/', (request, env) => app.fetch(request, env))
  return outer
}

/** Answers API Gateway proxy events with `app`; browsers may call from `origins`. */
export const lambdaHandler = (app: FetchApp, telemetry: Telemetry, origins: readonly string[]): LambdaHandler => {
  const answer = handle(withCors(app, origins))
  return observed(telemetry, async (event, context) => answer(withRequestId(event), context))
}

/** The same, piece by piece, for API Gateway's response streaming; undefined outside of Lambda's runtime, which has the means. */
export const lambdaStream = (
  app: FetchApp,
  telemetry: Telemetry,
  origins: readonly string[],
): StreamifyHandler<LambdaEvent> | undefined => {
  // Hono leaves an empty object where Lambda's runtime has put nothing.
  if (typeof awslambda?.streamifyResponse !== 'function') return undefined
  const answer = streamHandle(withCors(app, origins)) as unknown as StreamifyHandler<LambdaEvent>
  return awslambda.streamifyResponse((event: LambdaEvent, stream, context) =>
    observed(telemetry, async (own: LambdaEvent, itsContext: typeof context) =>
      answer(withRequestId(own), stream, itsContext),
    )(event, context),
  )
}

/** One id in API Gateway's access log, in ours, and in the answer. */
const withRequestId = (event: LambdaEvent): LambdaEvent => {
  if (!('multiValueHeaders' in event && 'requestId' in event.requestContext)) return event
  const others = Object.entries(event.multiValueHeaders ?? {}).filter(([name]) => name.toLowerCase() !== 'x-request-id')
  const multiValueHeaders = { ...Object.fromEntries(others), 'x-request-id': [event.requestContext.requestId] }
  return { ...event, multiValueHeaders } as LambdaEvent
}
