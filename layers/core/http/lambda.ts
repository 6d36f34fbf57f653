/** What every Lambda of the service shares: API Gateway events into the apps, log lines that say where they come from, environment read by name. */
import { Logger } from '@aws-lambda-powertools/logger'
import type { Context } from 'aws-lambda'
import { Hono } from 'hono'
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda'
import { cors } from 'hono/cors'
import { MaasError } from '../errors.ts'
import type { Log } from './app.ts'

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
  fetch(request: Request): Response | Promise<Response>
}

export type LambdaHandler = (event: LambdaEvent, context: LambdaContext) => Promise<unknown>

/** Powertools' JSON lines, with the function's name, its own request id and whether this was a cold start. */
export const createLambdaLog = (serviceName: string): { readonly logger: Logger; readonly log: Log } => {
  const logger = new Logger({ serviceName })
  return { logger, log: ({ level, at: _, message, ...fields }) => logger[level](message, fields) }
}

/** Answers API Gateway proxy events with `app`; browsers may call from `origins`. */
export const lambdaHandler = (app: FetchApp, logger: Logger, origins: readonly string[]): LambdaHandler => {
  const outer = new Hono()
  if (origins.length > 0) {
    outer.use(cors({ origin: [...origins], exposeHeaders: ['etag', 'retry-after', 'server-timing', 'x-request-id'] }))
  }
  outer.mount('/', (request) => app.fetch(request))
  const answer = handle(outer)
  return async (event, context) => {
    logger.addContext(context as unknown as Context)
    return answer(withRequestId(event), context)
  }
}

/** One id in API Gateway's access log, in ours, and in the answer. */
const withRequestId = (event: LambdaEvent): LambdaEvent => {
  if (!('multiValueHeaders' in event && 'requestId' in event.requestContext)) return event
  const others = Object.entries(event.multiValueHeaders ?? {}).filter(([name]) => name.toLowerCase() !== 'x-request-id')
  const multiValueHeaders = { ...Object.fromEntries(others), 'x-request-id': [event.requestContext.requestId] }
  return { ...event, multiValueHeaders } as LambdaEvent
}
