/** Asynchronous predictions: a request is kept, answered by whoever takes it from the queue, and its answer read until it expires. */
import {
  checked,
  type PredictionResource,
  type PredictionStatus,
  predictionIdSchema,
  predictionSchema,
  type WebhookEvent,
} from '@maas/core/contract'
import { ConflictError, NotFoundError } from '@maas/core/errors'
import type { ObjectStore } from '@maas/core/store'
import { type DeferredRequest, digestOf, idOf, type Owner, recordOf } from './deferred-request.ts'
import {
  missing,
  type PredictionRecord,
  predictionIds,
  readInput,
  readOutput,
  readRecord,
  removeRecord,
  type Stored,
  writeInput,
  writeOutput,
  writeRecord,
} from './record.ts'
import type { Webhooks } from './webhook.ts'

export interface PredictionsDependencies {
  readonly store: ObjectStore
  /** Answers a data-plane request for whoever asked; failures are statuses, as callers see them. */
  readonly answer: (request: Request, caller: Owner | undefined) => Response | Promise<Response>
  /** Adds US dollars to what a key has used; once for each prediction that succeeded. @default nobody counts */
  readonly charge?: ((caller: Owner, cost: number) => Promise<void>) | undefined
  /** Tells whoever runs predictions that one is there. NotReadyError when there are too many. */
  readonly enqueue: (id: string) => void | Promise<void>
  readonly webhooks: Webhooks
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly ids: () => string
  readonly sleep: (ms: number) => Promise<void>
}

export interface Predictions {
  /** ConflictError when the idempotency key was used for another request. */
  create(request: DeferredRequest): Promise<PredictionResource>
  /** NotFoundError when it never was, has expired, or is another key's. */
  get(id: string, caller?: Pick<Owner, 'id'>): Promise<PredictionResource>
  /** Of one that is over, nothing changes. */
  cancel(id: string, caller?: Pick<Owner, 'id'>): Promise<PredictionResource>
  /** The resource as soon as it is over, at the latest after `ms`. */
  wait(id: string, ms: number): Promise<PredictionResource>
  /** Runs it unless it is over or somebody else is at it; safe to repeat. `again`: the model was not ready, try later. */
  run(id: string, signal?: AbortSignal): Promise<'done' | 'again'>
  /** Deletes what has expired; resolves with the ids that still want to be run. */
  sweep(): Promise<readonly string[]>
}

/** Milliseconds that outputs are kept. */
const lifetime = 24 * 3600 * 1000
/** Milliseconds after which a run that said nothing counts as dead: longer than any prediction may take. */
const lease = 120_000
const mostAttempts = 5

/** What callers see of a record; the rest of the resource is made when it is read. */
const shownSchema = predictionSchema.omit({ output: true, urls: true })

const over: ReadonlySet<PredictionStatus> = new Set(['succeeded', 'failed', 'canceled'])
const isOver = ({ status }: PredictionRecord): boolean => over.has(status)

export const createPredictions = (dependencies: PredictionsDependencies): Predictions => {
  const { store, answer, charge, enqueue, webhooks, clock, ids, sleep } = dependencies
  const at = (ms = clock()): string => new Date(ms).toISOString()

  const read = async (id: string): Promise<Stored> => {
    const stored = await readRecord(store, checked(predictionIdSchema, id, 'id'))
    if (Date.parse(stored.record.expires_at) > clock()) return stored
    await removeRecord(store, id)
    throw new NotFoundError(`Prediction ${id} has expired: results are kept for ${lifetime / 3600_000} hours.`, {
      param: 'id',
    })
  }

  /** One whose key did not ask learns no more than one who guessed. */
  const readOwn = async (id: string, caller: Pick<Owner, 'id'> | undefined): Promise<Stored> => {
    const stored = await read(id)
    const { caller: owner } = stored.record
    if (owner === undefined || owner.id === caller?.id) return stored
    throw missing(id)
  }

  const show = async (record: PredictionRecord): Promise<PredictionResource> => ({
    ...shownSchema.parse(record),
    urls: { get: `/predictions/${record.id}`, cancel: `/predictions/${record.id}/cancel` },
    ...(record.status === 'succeeded' && { output: await readOutput(store, record.id) }),
  })

  /** Undefined when somebody else was faster: what they wrote stands. */
  const change = async ({ record, etag }: Stored, by: Partial<PredictionRecord>): Promise<Stored | undefined> => {
    try {
      return await writeRecord(store, { ...record, ...by }, etag)
    } catch (error) {
      if (error instanceof ConflictError || error instanceof NotFoundError) return undefined
      throw error
    }
  }

  const tell = async (stored: Stored, event: WebhookEvent): Promise<Stored> => {
    const { webhook, webhook_events: wanted, id } = stored.record
    if (webhook === undefined || (wanted !== undefined && !wanted.includes(event))) return stored
    const delivery = await webhooks.send(webhook, `${id}-${event}`, JSON.stringify(await show(stored.record)))
    return (await change(stored, { webhook_delivery: `${event}: ${delivery}`, webhook_pending: false })) ?? stored
  }

  /** `cost`, in US dollars, is counted once: by the run whose outcome stands. */
  const finish = async (stored: Stored, by: Partial<PredictionRecord>, cost?: number): Promise<void> => {
    const { webhook, created_at: created } = stored.record
    const ended = clock()
    const started = Date.parse(stored.record.started_at ?? at())
    const finished = await change(stored, {
      ...by,
      completed_at: at(ended),
      metrics: {
        predict_time: (ended - started) / 1000,
        total_time: (ended - Date.parse(created)) / 1000,
        ...(cost !== undefined && { cost }),
      },
      ...(webhook !== undefined && { webhook_pending: true }),
    })
    const { caller } = stored.record
    if (finished === undefined) return
    if (caller !== undefined && cost !== undefined) await charge?.(ownerOf(caller), cost)
    await tell(finished, 'completed')
  }

  const create: Predictions['create'] = async (request) => {
    if (request.webhook !== undefined) await webhooks.check(request.webhook)
    const digest = digestOf(request)
    const { idempotencyKey: key } = request
    const id = key === undefined ? ids() : idOf(key, request.caller)
    const known = key === undefined ? undefined : await read(id).catch(ifMissing)
    if (known !== undefined) return same(known, digest)
    // The input first: a record means that all of the prediction is there.
    await writeInput(store, id, digest, request.body)
    const now = clock()
    const record = recordOf(request, { id, digest, created: at(now), expires: at(now + lifetime) })
    try {
      await writeRecord(store, record)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      return same(await read(id), digest)
    }
    try {
      await enqueue(id)
    } catch (error) {
      await removeRecord(store, id)
      throw error
    }
    return show(record)
  }

  const same = ({ record }: Stored, digest: string): Promise<PredictionResource> => {
    if (record.request_sha256 === digest) return show(record)
    throw new ConflictError('idempotency-key: it was used for another request; choose a new one.', {
      param: 'idempotency-key',
    })
  }

  const run: Predictions['run'] = async (id, signal) => {
    const found = await read(id).catch(ifMissing)
    if (found === undefined) return 'done'
    if (isOver(found.record)) {
      if (found.record.webhook_pending) await tell(found, 'completed')
      return 'done'
    }
    const { leased_until: leased, attempts, path, content_type: type, headers, caller } = found.record
    if (found.record.status === 'processing' && leased !== undefined && Date.parse(leased) > clock()) return 'again'
    const taken = await change(found, {
      status: 'processing',
      started_at: at(),
      attempts: attempts + 1,
      leased_until: at(clock() + lease),
    })
    if (taken === undefined) return 'done'
    const started = await tell(taken, 'start')
    const body = await readInput(store, taken.record)
    const response = await answer(
      new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type, 'x-request-id': id },
        body: Uint8Array.from(body),
        ...(signal !== undefined && { signal }),
      }),
      caller && ownerOf(caller),
    )
    const stopped = signal?.aborted === true
    if (stopped || (response.status === 503 && attempts + 1 < mostAttempts)) {
      const waiting: Partial<PredictionRecord> = { status: 'starting', leased_until: at(0) }
      return (await change(started, waiting)) === undefined ? 'done' : 'again'
    }
    const output = await outputOf(response)
    if (response.ok) {
      await writeOutput(store, id, output)
      const cost = response.headers.get('x-maas-cost')
      await finish(started, { status: 'succeeded' }, cost === null ? undefined : Number(cost))
    } else {
      const message = typeof output.error === 'string' ? output.error : JSON.stringify(output.error ?? output)
      await finish(started, { status: 'failed', error: { status: response.status, message } })
    }
    return 'done'
  }

  const get: Predictions['get'] = async (id, caller) => show((await readOwn(id, caller)).record)

  return {
    create,
    get,
    run,
    cancel: async (id, caller) => {
      for (;;) {
        const stored = await readOwn(id, caller)
        if (isOver(stored.record)) return show(stored.record)
        const canceled = await change(stored, { status: 'canceled', completed_at: at() })
        if (canceled !== undefined) return show((await tell(canceled, 'completed')).record)
      }
    },
    wait: async (id, ms) => {
      const end = clock() + ms
      let pause = 10
      for (;;) {
        const { record } = await read(id)
        if (isOver(record) || clock() >= end) return show(record)
        await sleep(Math.min(pause, Math.max(1, end - clock())))
        pause = Math.min(pause * 1.5, 250)
      }
    },
    sweep: async () => {
      const unfinished: string[] = []
      for await (const id of predictionIds(store)) {
        const stored = await read(id).catch(ifMissing)
        if (stored && (!isOver(stored.record) || stored.record.webhook_pending)) unfinished.push(id)
      }
      return unfinished
    },
  }
}

const ownerOf = ({ models, ...owner }: NonNullable<PredictionRecord['caller']>): Owner => ({
  ...owner,
  ...(models && { models }),
})

/** Bytes, which JSON has no place for, in TensorFlow Serving's form, with the header that says how to read them. */
const outputOf = async (response: Response): Promise<{ error?: unknown }> => {
  if (response.headers.get('content-type')?.startsWith('application/json')) {
    return (await response.json()) as { error?: unknown }
  }
  const name = 'inference-header-content-length'
  const length = response.headers.get(name)
  const b64 = Buffer.from(await response.arrayBuffer()).toString('base64')
  return { b64, ...(length !== null && { headers: { [name]: length } }) } as { error?: unknown }
}

const ifMissing = (error: unknown): undefined => {
  if (!(error instanceof NotFoundError)) throw error
}
