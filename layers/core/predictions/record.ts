/** The stored form of an asynchronous prediction: one record, replaced by compare-and-swap, beside its input and its output. */
import { predictionSchema, webhookEventSchema, webhookUrlSchema } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import type { ETag, ObjectStore } from '@maas/core/store'
import * as z from 'zod'

export const recordSchema = predictionSchema.omit({ output: true, urls: true }).extend({
  schema: z.literal(1),
  /** Path and content type of the request that is answered later. */
  path: z.string(),
  content_type: z.string(),
  /** Further headers that decide what the request means. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Whose key asked: it alone reads and cancels, and the price is counted to it. Absent where keys are off. */
  caller: z
    .object({
      id: z.string(),
      name: z.string(),
      counted: z.boolean(),
      models: z.array(z.string()).optional(),
    })
    .optional(),
  /** Of path, content type, those headers and body: the same idempotency key must mean the same request. */
  request_sha256: z.string(),
  attempts: z.number().int(),
  /** Nobody else may run it before then; ISO 8601. */
  leased_until: z.string().optional(),
  webhook: webhookUrlSchema.optional(),
  webhook_events: z.array(webhookEventSchema).optional(),
  /** The last event was not delivered yet. */
  webhook_pending: z.boolean().optional(),
})
export type PredictionRecord = z.infer<typeof recordSchema>

export interface Stored {
  readonly record: PredictionRecord
  readonly etag: ETag
}

/** The input has its request's hash in its name: of two callers with one id, neither can put its input under the other's record. */
const keysOf = (id: string) => ({
  record: `predictions/${id}/record.json`,
  output: `predictions/${id}/output.json`,
  input: (sha256: string) => `predictions/${id}/input-${sha256}`,
})

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const decode = (body: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(body))

export const missing = (id: string): NotFoundError =>
  new NotFoundError(`There is no prediction ${id}: it never was, or it has expired.`, { param: 'id' })

/** NotFoundError when there is none. */
export const readRecord = async (store: ObjectStore, id: string): Promise<Stored> => {
  try {
    const { body, info } = await store.get(keysOf(id).record)
    return { record: recordSchema.parse(decode(body)), etag: info.etag }
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    throw missing(id)
  }
}

/** ConflictError when somebody else has changed it since, or made it first. */
export const writeRecord = async (store: ObjectStore, record: PredictionRecord, etag?: ETag): Promise<Stored> => {
  const condition = etag === undefined ? { ifAbsent: true as const } : { ifMatch: etag }
  const info = await store.put(keysOf(record.id).record, encode(record), condition)
  return { record, etag: info.etag }
}

export const writeOutput = (store: ObjectStore, id: string, output: unknown) =>
  store.put(keysOf(id).output, encode(output))

export const readOutput = async (store: ObjectStore, id: string): Promise<unknown> =>
  decode((await store.get(keysOf(id).output)).body)

/** Body of the request that the record stands for. */
export const writeInput = (store: ObjectStore, id: string, sha256: string, body: Uint8Array) =>
  store.put(keysOf(id).input(sha256), body)

export const readInput = async (store: ObjectStore, { id, request_sha256 }: PredictionRecord): Promise<Uint8Array> =>
  (await store.get(keysOf(id).input(request_sha256))).body

/** The record last: what is left of a half-deleted prediction is found and swept by it. */
export const removeRecord = async (store: ObjectStore, id: string): Promise<void> => {
  const { objects } = await store.list(`predictions/${id}/`)
  const { record } = keysOf(id)
  await Promise.all(objects.filter(({ key }) => key !== record).map(({ key }) => store.delete(key)))
  await store.delete(record)
}

/** Ids of all there are, page by page. */
export async function* predictionIds(store: ObjectStore): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await store.list('predictions/', { delimiter: '/', ...(after !== undefined && { after }) })
    for (const prefix of page.prefixes) yield prefix.slice('predictions/'.length, -1)
    after = page.next
  } while (after !== undefined)
}
