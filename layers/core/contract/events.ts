/** What a training run says while it runs: one JSON object a line with `--json`, the same lines the container logs. */
import * as z from 'zod'

const at = z.string()
const metrics = z.record(z.string(), z.number())

export const trainingEventSchema = z.discriminatedUnion('event', [
  /** Reading, splitting and describing the data; `done` and `total` count examples. */
  z.object({
    event: z.literal('data'),
    at,
    done: z.number(),
    total: z.number().optional(),
    message: z.string().optional(),
  }),
  z.object({ event: z.literal('model'), at, preset: z.string(), parameters: z.number(), summary: z.string() }),
  /** `seconds` is since training began; `imagesPerSecond` is a moving average of examples. */
  z.object({
    event: z.literal('step'),
    at,
    epoch: z.number(),
    epochs: z.number(),
    step: z.number(),
    steps: z.number(),
    loss: z.number(),
    metrics,
    imagesPerSecond: z.number(),
    secondsLeft: z.number(),
  }),
  /** `metrics` holds loss, accuracy, val_loss, val_accuracy… of the finished epoch. */
  z.object({
    event: z.literal('epoch'),
    at,
    epoch: z.number(),
    epochs: z.number(),
    metrics,
    seconds: z.number(),
    best: z.boolean(),
  }),
  z.object({ event: z.literal('checkpoint'), at, epoch: z.number(), path: z.string() }),
  /** Overfitting, early stopping, class imbalance, a fallback: something a person should read. */
  z.object({
    event: z.literal('notice'),
    at,
    level: z.enum(['info', 'warning']),
    code: z.string(),
    message: z.string(),
  }),
  z.object({ event: z.literal('evaluation'), at, split: z.string(), metrics }),
  z.object({
    event: z.literal('end'),
    at,
    reason: z.enum(['completed', 'early_stopped', 'small_gradient', 'time_limit', 'stopped']),
    bestEpoch: z.number(),
    seconds: z.number(),
    metrics,
  }),
  z.object({ event: z.literal('failure'), at, message: z.string() }),
])
export type TrainingEvent = z.infer<typeof trainingEventSchema>
export type TrainingEventBody = TrainingEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never

/** Receives events; a bar, a JSON log, a job record. */
export type Report = (event: TrainingEventBody) => void
