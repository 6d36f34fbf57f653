/** What evaluation measures, as it is stored in `evaluation.json` and drawn in the report. */
import * as z from 'zod'

const perClassSchema = z.object({
  label: z.string(),
  support: z.number().int(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
})

/** Predictions whose confidence falls in one tenth of 0..1. */
const calibrationBinSchema = z.object({
  from: z.number(),
  to: z.number(),
  count: z.number().int(),
  confidence: z.number(),
  accuracy: z.number(),
})

const mistakeSchema = z.object({
  /** Position in the test split, and the file it came from when there is one. */
  index: z.number().int(),
  source: z.string().optional(),
  expected: z.string(),
  predicted: z.string(),
  confidence: z.number(),
})

export const classificationEvaluationSchema = z.object({
  task: z.literal('classification'),
  split: z.string(),
  examples: z.number().int(),
  loss: z.number(),
  accuracy: z.number(),
  /** Share of examples whose class is among the k most probable: `{"1": …, "5": …}`. */
  topK: z.record(z.string(), z.number()),
  labels: z.array(z.string()),
  perClass: z.array(perClassSchema),
  /** Rows are the true class, columns the predicted one. */
  confusion: z.array(z.array(z.number().int())),
  calibration: z.object({ expectedError: z.number(), bins: z.array(calibrationBinSchema) }),
  mistakes: z.array(mistakeSchema),
})
export type ClassificationEvaluation = z.infer<typeof classificationEvaluationSchema>

export const regressionEvaluationSchema = z.object({
  task: z.literal('regression'),
  split: z.string(),
  examples: z.number().int(),
  loss: z.number(),
  mse: z.number(),
  mae: z.number(),
  r2: z.number(),
  /** The worst predictions, in the target's own unit. */
  worst: z.array(
    z.object({ index: z.number().int(), source: z.string().optional(), expected: z.number(), predicted: z.number() }),
  ),
  /** Expected and predicted value of at most 500 examples spread over the part, for a plot. */
  points: z.array(z.tuple([z.number(), z.number()])).optional(),
})
export type RegressionEvaluation = z.infer<typeof regressionEvaluationSchema>

export const evaluationSchema = z.discriminatedUnion('task', [
  classificationEvaluationSchema,
  regressionEvaluationSchema,
])
export type Evaluation = z.infer<typeof evaluationSchema>

/** Metrics of each epoch, oldest first: loss, accuracy, val_loss, val_accuracy, learning_rate, seconds. */
export const historySchema = z.object({
  epochs: z.array(z.record(z.string(), z.number())),
  bestEpoch: z.number().int(),
  notices: z.array(z.object({ level: z.enum(['info', 'warning']), code: z.string(), message: z.string() })),
})
export type History = z.infer<typeof historySchema>
