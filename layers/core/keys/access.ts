/** From a request to its caller: the key is known, not expired, has the right, is for this model, and has something left. */
import { timingSafeEqual } from 'node:crypto'
import {
  type ApiKey,
  apiKeyHash,
  apiKeyPattern,
  apiKeySchema,
  type PathParameters,
  parseReference,
  type Route,
} from '@maas/core/contract'
import { MaasError } from '@maas/core/errors'
import type { Access, Caller, RequestHead } from '@maas/core/http'
import { LRUCache } from 'lru-cache'
import type { Counter } from './counter.ts'
import type { KeyStore, StoredKey } from './types.ts'
import { isLimited } from './usage.ts'

export interface AccessDeps {
  readonly counter: Counter
  /** The stored key of a request; undefined when there is none or it is not known. */
  readonly find: (request: RequestHead, env: unknown) => Promise<StoredKey | undefined>
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export const createAccess = ({ counter, find, clock }: AccessDeps): Access => ({
  enter: async (request, route, params, env) => {
    const key = await find(request, env)
    if (key === undefined) throw unknownKey()
    if (key.expires !== undefined && key.expires * 1000 <= clock()) throw unknownKey()
    authorize(key, route, params)
    const caller: Caller = {
      id: key.id,
      name: key.name,
      ...(key.models && { models: key.models }),
      counted: isLimited(key),
    }
    if (!caller.counted) return caller
    const refusal = await counter.spend(key.id, key)
    if (refusal === 'revoked') throw unknownKey()
    if (refusal !== undefined) {
      const { limit, message, retryAfter } = refusal
      throw new MaasError('over_quota', `${limit} of the key "${key.name}": ${message}.`, { retryAfter, param: limit })
    }
    return caller
  },
  charge: async ({ id, counted }, cost) => {
    if (counted && cost > 0) await counter.charge(id, cost)
  },
})

/** The same words for a key that is missing, wrong, expired and revoked: nothing to learn from them. */
const unknownKey = (): MaasError =>
  new MaasError('unauthorized', 'Send a key that is known here and has not ended, in the header x-api-key.', {
    param: 'x-api-key',
  })

const authorize = ({ name, rights, models }: ApiKey, { right }: Route, params: PathParameters): void => {
  const { endpoint } = params
  const model = params.model ?? (endpoint === undefined ? undefined : parseReference(endpoint).name)
  if (right === 'none') return
  if (!rights.includes(right)) {
    throw new MaasError('forbidden', `The key "${name}" has the right ${rights.join(' and ')}; this needs ${right}.`)
  }
  if (right === 'data' && models !== undefined && model !== undefined && !models.includes(model)) {
    throw new MaasError('forbidden', `The key "${name}" is for ${models.join(', ')}; this is about ${model}.`)
  }
}

/** How long a revoked key without limits may still be taken, milliseconds. */
const freshness = 1000

/** Keys by the header `x-api-key`, or the session token of AWS' own clients, looked up by their hash and remembered for a second. */
export const findByHeader = (store: Pick<KeyStore, 'find'>, clock: () => number): AccessDeps['find'] => {
  const known = new LRUCache<string, Promise<StoredKey | undefined>>({
    max: 10_000,
    ttl: freshness,
    ttlResolution: 0,
    perf: { now: clock },
  })
  return async (request) => {
    const key = request.headers.get('x-api-key') ?? request.headers.get('x-amz-security-token') ?? ''
    if (!apiKeyPattern.test(key)) return undefined
    const id = apiKeyHash(key)
    let asked = known.get(id)
    if (asked === undefined) {
      asked = store.find(id)
      known.set(id, asked)
      asked.catch(() => known.delete(id))
    }
    const found = await asked
    // The store found it by name; that it is this key is for us to see, in a time that says nothing about where it differs.
    return found !== undefined && timingSafeEqual(Buffer.from(found.id), Buffer.from(id)) ? found : undefined
  }
}

/** The key that API Gateway's authorizer found: its answer travels with the event, out of a caller's reach. */
export const findInEvent: AccessDeps['find'] = async (_, env) => {
  const context = (env as { event?: { requestContext?: { authorizer?: Record<string, unknown> | null } } } | undefined)
    ?.event?.requestContext?.authorizer
  const { id, record } = context ?? {}
  if (typeof id !== 'string' || typeof record !== 'string') return undefined
  return { ...apiKeySchema.parse(JSON.parse(record)), id }
}
