/** A prediction as a resource: asked now, answered later. */
import * as z from 'zod'
import { classifyRequestSchema, predictRequestSchema } from './serving.ts'

export const predictionIdSchema = z.string().regex(/^[\w-]{1,64}$/, 'a prediction id is 1-64 letters, digits, _ and -')

export const predictionStatusSchema = z.enum(['starting', 'processing', 'succeeded', 'failed', 'canceled'])
export type PredictionStatus = z.infer<typeof predictionStatusSchema>

export const webhookEventSchema = z.enum(['start', 'completed'])
export type WebhookEvent = z.infer<typeof webhookEventSchema>

/** Where to tell what happens; only https, and no address inside a private network. */
export const webhookUrlSchema = z.url({ protocol: /^https?$/ }).max(2048)

const time = z.string()

export const predictionSchema = z.object({
  id: predictionIdSchema,
  /** `name`, `name@alias` or `name:version`, as it was asked for. */
  model: z.string(),
  status: predictionStatusSchema,
  created_at: time,
  started_at: time.optional(),
  completed_at: time.optional(),
  /** When the resource and its output go away. */
  expires_at: time,
  /** What the same request would have been answered with at once; bytes as `{b64, headers}`. */
  output: z.unknown().optional(),
  error: z.object({ status: z.number().int(), message: z.string() }).optional(),
  /** Seconds, of the run alone and since it was created; and US dollars, what `x-maas-cost` says at once. */
  metrics: z.object({ predict_time: z.number(), total_time: z.number(), cost: z.number().optional() }).optional(),
  /** What became of the webhook, in words; absent while none was sent. */
  webhook_delivery: z.string().optional(),
  urls: z.object({ get: z.string(), cancel: z.string() }),
})
export type PredictionResource = z.infer<typeof predictionSchema>

/** Exactly one operation: `input` has its body. */
export const predictionRequestSchema = z.discriminatedUnion('operation', [
  z.strictObject({
    operation: z.literal('predict'),
    model: z.string().max(200),
    input: predictRequestSchema,
    webhook: webhookUrlSchema.optional(),
    webhook_events_filter: z.array(webhookEventSchema).optional(),
  }),
  z.strictObject({
    operation: z.literal('classify'),
    model: z.string().max(200),
    input: classifyRequestSchema,
    webhook: webhookUrlSchema.optional(),
    webhook_events_filter: z.array(webhookEventSchema).optional(),
  }),
])
