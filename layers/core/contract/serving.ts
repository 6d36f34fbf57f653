/** Request and response bodies of the data plane, as TensorFlow Serving's REST API has them. */
import * as z from 'zod'

/** Any nesting of values; `{"b64": "…"}` stands for bytes wherever a value goes. Checked against the model's signature later. */
const value = z.unknown()

export const predictRequestSchema = z.strictObject({
  /** Names the signature to run; there is one. */
  signature_name: z.literal('serving_default').optional(),
  /** Row form: one entry per example; a value, or an object of values by input name. */
  instances: z.array(value).optional(),
  /** Column form: the whole batch of the only input, or an object of batches by input name. */
  inputs: value.optional(),
})

/** SageMaker's clients also send the rows alone. */
export const invocationRequestSchema = z.union([predictRequestSchema, z.array(value)])

export const predictResponseSchema = z.union([
  z.object({ predictions: z.array(value) }),
  z.object({ outputs: z.union([z.array(value), z.record(z.string(), value)]) }),
])

export const classifyRequestSchema = z.strictObject({
  signature_name: z.literal('serving_default').optional(),
  /** Values that all examples share, by feature name. */
  context: z.record(z.string(), value).optional(),
  examples: z.array(value),
})

/** For each example, `[label, score]` pairs, highest score first. */
export const classifyResponseSchema = z.object({
  results: z.array(z.array(z.tuple([z.string(), z.number()]))),
})

/** One number for each example. */
export const regressResponseSchema = z.object({ results: z.array(z.number()) })

export const modelStatusSchema = z.object({
  model_version_status: z.array(
    z.object({
      version: z.string(),
      state: z.enum(['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END']),
      status: z.object({ error_code: z.string(), error_message: z.string() }),
    }),
  ),
})

const tensorInfoSchema = z.object({
  dtype: z.string(),
  tensor_shape: z.object({
    dim: z.array(z.object({ size: z.string(), name: z.string() })),
    unknown_rank: z.boolean(),
  }),
  name: z.string(),
})

export const modelMetadataSchema = z.object({
  model_spec: z.object({ name: z.string(), signature_name: z.string(), version: z.string() }),
  metadata: z.object({
    signature_def: z.object({
      signature_def: z.record(
        z.string(),
        z.object({
          inputs: z.record(z.string(), tensorInfoSchema),
          outputs: z.record(z.string(), tensorInfoSchema),
          method_name: z.string(),
        }),
      ),
    }),
  }),
})

export const healthSchema = z.object({ status: z.literal('ok'), loaded: z.array(z.string()) })

/** How both wire dialects say what went wrong. */
export const servingErrorSchema = z.object({ error: z.string() })
