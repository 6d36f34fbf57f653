/** A request that is answered later: what it says, which prediction it is, and what is kept of it. */
import { createHash } from 'node:crypto'
import type { WebhookEvent } from '@maas/core/contract'
import type { PredictionRecord } from './record.ts'

/** A data-plane request, to be answered later as it would have been answered now. */
export interface DeferredRequest {
  readonly path: string
  readonly contentType: string
  readonly body: Uint8Array
  /** Further headers that decide what the request means, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** As the caller named it. */
  readonly model: string
  /** Whose key asks; absent where keys are off. */
  readonly caller?: Owner | undefined
  readonly webhook?: string | undefined
  readonly events?: readonly WebhookEvent[] | undefined
  /** The same key with the same request is the same prediction. */
  readonly idempotencyKey?: string | undefined
}

/** A key, as far as a prediction has to remember it. */
export interface Owner {
  /** SHA-256 of the key. */
  readonly id: string
  readonly name: string
  readonly counted: boolean
  readonly models?: readonly string[]
}

/** SHA-256 of what is asked, in hex: two requests with the same digest want the same answer. */
export const digestOf = ({ path, contentType, headers, body }: DeferredRequest): string => {
  const said = hasAny(headers) ? `${JSON.stringify(Object.entries(headers).sort())}\0` : ''
  return createHash('sha256').update(`${path}\0${contentType}\0${said}`).update(body).digest('hex')
}

/** The prediction of an idempotency key. Two callers who choose the same key mean two predictions. */
export const idOf = (idempotencyKey: string, caller: Owner | undefined): string => {
  const own = caller === undefined ? idempotencyKey : `${caller.id}\0${idempotencyKey}`
  return `k-${createHash('sha256').update(own).digest('hex').slice(0, 40)}`
}

interface Identified {
  readonly id: string
  readonly digest: string
  /** ISO 8601. */
  readonly created: string
  readonly expires: string
}

/** What is kept of a request before anybody has looked at it; its body is kept beside. */
export const recordOf = (
  { path, contentType, headers, model, caller, webhook, events }: DeferredRequest,
  { id, digest, created, expires }: Identified,
): PredictionRecord => ({
  schema: 1,
  id,
  model,
  status: 'starting',
  attempts: 0,
  created_at: created,
  expires_at: expires,
  path,
  content_type: contentType,
  request_sha256: digest,
  ...(hasAny(headers) && { headers }),
  ...(caller && { caller: { ...caller, models: caller.models && [...caller.models] } }),
  ...(webhook !== undefined && { webhook }),
  ...(events !== undefined && { webhook_events: [...events] }),
})

const hasAny = (headers: DeferredRequest['headers']): headers is NonNullable<DeferredRequest['headers']> =>
  headers !== undefined && Object.keys(headers).length > 0
