/** Request and response bodies of the Open Inference Protocol, version 2, with the binary tensor and classification extensions. */
import * as z from 'zod'

/** Options of a request, an input or an output: `binary_data_size`, `binary_data`, `classification`, `content_type`, … */
const parametersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const shapeSchema = z.array(z.number().int().min(0)).max(16)

const inferInputSchema = z.object({
  name: z.string().min(1).max(255),
  shape: shapeSchema,
  /** BOOL, UINT8…UINT64, INT8…INT64, FP16, FP32, FP64 or BYTES. */
  datatype: z.string().max(16),
  parameters: parametersSchema.optional(),
  /** Row-major, flat or nested; absent when the bytes follow the JSON. */
  data: z.array(z.unknown()).optional(),
})
export type InferInput = z.infer<typeof inferInputSchema>

export const inferRequestSchema = z.object({
  /** Comes back in the response. */
  id: z.string().max(1000).optional(),
  parameters: parametersSchema.optional(),
  inputs: z.array(inferInputSchema).min(1).max(1000),
  /** Which outputs to answer, in this order; all when absent. */
  outputs: z
    .array(z.object({ name: z.string().min(1).max(255), parameters: parametersSchema.optional() }))
    .max(1000)
    .optional(),
})
export type InferRequest = z.infer<typeof inferRequestSchema>

const inferOutputSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int()),
  datatype: z.string(),
  parameters: parametersSchema.optional(),
  data: z.array(z.unknown()).optional(),
})
export type InferOutput = z.infer<typeof inferOutputSchema>

export const inferResponseSchema = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  outputs: z.array(inferOutputSchema),
})
export type InferResponse = z.infer<typeof inferResponseSchema>

const tensorMetadataSchema = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number().int()) })

export const inferenceModelSchema = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(tensorMetadataSchema),
  outputs: z.array(tensorMetadataSchema),
})

export const inferenceServerSchema = z.object({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
})
export const inferenceLiveSchema = z.object({ live: z.boolean() })
export const inferenceReadySchema = z.object({ ready: z.boolean() })
export const inferenceModelReadySchema = z.object({ name: z.string(), ready: z.boolean() })

export const repositoryIndexRequestSchema = z.object({
  /** Only the versions that are in memory now. */
  ready: z.boolean().optional(),
})
export const repositoryIndexSchema = z.array(
  z.object({ name: z.string(), version: z.string(), state: z.enum(['READY', 'UNAVAILABLE']), reason: z.string() }),
)

const durationSchema = z.object({ count: z.number().int(), ns: z.number().int() })

export const inferenceStatisticsSchema = z.object({
  model_stats: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      /** Milliseconds since 1970; 0 before the first. */
      last_inference: z.number().int(),
      /** Rows answered. */
      inference_count: z.number().int(),
      /** Requests answered. */
      execution_count: z.number().int(),
      inference_stats: z.object({
        success: durationSchema,
        fail: durationSchema,
        queue: durationSchema,
        compute_input: durationSchema,
        compute_infer: durationSchema,
        compute_output: durationSchema,
        cache_hit: durationSchema,
        cache_miss: durationSchema,
      }),
      batch_stats: z.array(z.unknown()),
    }),
  ),
})
