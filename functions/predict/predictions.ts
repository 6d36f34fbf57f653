/** Predictions that are answered later: as resources of their own, and by `Prefer` on every route that predicts. */
import {
  fillPath,
  formatReference,
  type ModelReference,
  type PredictionOperation,
  type PredictionResource,
  parseReference,
  predictionRequestSchema,
} from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import { type Call, checkModel, type Handler, type HeaderReader, type Reply } from '@maas/core/http'
import type { Predictions } from '@maas/core/predictions'

/** Seconds a caller may wait for an answer: less than API Gateway's 29. */
const longestWait = 25

interface Preference {
  readonly async: boolean
  /** Seconds. */
  readonly wait: number
}

/** `Prefer: respond-async, wait=10` (RFC 7240); undefined when neither is said. */
export const preferenceOf = (headers: HeaderReader): Preference | undefined => {
  const given = headers.get('prefer')
  if (given === null) return undefined
  const said = given.split(',').map((part) => part.trim().toLowerCase())
  const wait = said.find((part) => /^wait(=|$)/.test(part))
  const async = said.includes('respond-async')
  if (!async && wait === undefined) return undefined
  const seconds =
    wait === undefined ? 0 : Number(/^wait=(\d{1,5})$/.exec(wait)?.[1] ?? (wait === 'wait' ? longestWait : Number.NaN))
  if (Number.isNaN(seconds)) {
    throw new InvalidInputError(
      `prefer: got ${JSON.stringify(wait?.slice(0, 40))}; wait takes whole seconds, such as wait=10.`,
      {
        param: 'prefer',
      },
    )
  }
  return { async, wait: Math.min(seconds, longestWait) }
}

const addressOf = ({ name, version, alias }: ModelReference): string => {
  if (version !== undefined) return fillPath('/v1/models/{name}/versions/{version}', { name, version })
  return alias === undefined
    ? fillPath('/v1/models/{name}', { name })
    : fillPath('/v1/models/{name}/labels/{alias}', { name, alias })
}

const over = ({ status }: PredictionResource): boolean => status !== 'starting' && status !== 'processing'

const accepted = (resource: PredictionResource): Reply => ({
  status: over(resource) ? 200 : 202,
  json: resource,
  headers: { location: resource.urls.get, ...(over(resource) ? {} : { 'retry-after': '1' }) },
})

export const predictionHandlers = (predictions: Predictions): Record<PredictionOperation, Handler> => ({
  createPrediction: async ({ headers, json, caller }) => {
    const { operation, model, input, webhook, webhook_events_filter: events } = await json(predictionRequestSchema)
    const reference = parseReference(model)
    checkModel(caller, reference.name)
    const created = await predictions.create({
      path: `${addressOf(reference)}:${operation}`,
      contentType: 'application/json',
      body: new TextEncoder().encode(JSON.stringify(input)),
      model: formatReference(reference),
      webhook,
      events,
      caller,
      headers: meaningOf(headers),
      idempotencyKey: headers.get('idempotency-key') ?? undefined,
    })
    return accepted(await waited(predictions, created, headers))
  },
  getPrediction: async ({ params: { id = '' }, caller }) => ({ json: await predictions.get(id, caller) }),
  cancelPrediction: async ({ params: { id = '' }, caller }) => ({ json: await predictions.cancel(id, caller) }),
})

/** Headers beside the content type that decide what a request means. */
const meaningful = ['inference-header-content-length', 'x-maas-sticky'] as const

const meaningOf = (headers: HeaderReader): Record<string, string> =>
  Object.fromEntries(
    meaningful.flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )

const waited = (
  predictions: Predictions,
  created: PredictionResource,
  headers: HeaderReader,
): PredictionResource | Promise<PredictionResource> => {
  const { wait = 0 } = preferenceOf(headers) ?? {}
  return wait === 0 ? created : predictions.wait(created.id, wait * 1000)
}

/** The handler, but for callers who prefer to be answered later. With `wait` alone they are, when the answer takes longer. */
export const deferrable =
  (handler: Handler, predictions: Predictions | undefined, reference: (call: Call) => ModelReference): Handler =>
  async (call) => {
    const preference = preferenceOf(call.headers)
    // A preference is a wish: where nothing can be answered later, everything is answered now.
    if (preference === undefined || predictions === undefined) return handler(call)
    const created = await predictions.create({
      path: call.path,
      contentType: call.contentType(),
      body: await call.bytes(),
      model: formatReference(reference(call)),
      caller: call.caller,
      headers: meaningOf(call.headers),
      webhook: call.headers.get('x-maas-webhook') ?? undefined,
      idempotencyKey: call.headers.get('idempotency-key') ?? undefined,
    })
    const resource = await waited(predictions, created, call.headers)
    const reply = accepted(resource)
    return {
      ...reply,
      headers: { ...reply.headers, 'preference-applied': preference.async ? 'respond-async' : 'wait' },
    }
  }
