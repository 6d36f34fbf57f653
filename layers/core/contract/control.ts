/** Request and response bodies of the control plane. */
import * as z from 'zod'
import { apiKeySchema } from './keys.ts'
import { aliasSchema, modelNameSchema, versionSchema } from './names.ts'
import { aliasRecordSchema, aliasTargetSchema, manifestSchema } from './version.ts'

export const modelSummarySchema = z.object({
  name: modelNameSchema,
  versions: z.array(versionSchema),
  aliases: z.record(aliasSchema, z.array(aliasTargetSchema)),
})
export const modelListSchema = z.object({ models: z.array(modelSummarySchema) })
export const versionListSchema = z.object({ versions: z.array(manifestSchema) })
export const aliasListSchema = z.object({ aliases: z.array(aliasRecordSchema) })

/** Moves an alias: to one version, or to a weighted split of several; or changes its shadow alone. */
export const aliasMoveSchema = z
  .strictObject({
    version: versionSchema.optional(),
    targets: z.array(aliasTargetSchema).min(1).max(10).optional(),
    /** A version that is asked too, out of the callers' sight, so that it can be compared; null ends it. @default as it was */
    shadow: versionSchema.nullable().optional(),
    /** Kept in the alias's history. */
    reason: z.string().max(500).default(''),
  })
  .refine(({ version, targets }) => (version === undefined) !== (targets === undefined), {
    message: 'give exactly one of version and targets',
  })
export type AliasMove = z.input<typeof aliasMoveSchema>

/** What a key used in a month. */
const keyUsageSchema = z.object({ month: z.string(), requests: z.number().int(), cost: z.number() })

/** `id` is the SHA-256 of the key. */
export const keySummarySchema = apiKeySchema.extend({ id: z.string(), usage: keyUsageSchema.optional() })
export type KeySummary = z.infer<typeof keySummarySchema>
export const keyListSchema = z.object({ keys: z.array(keySummarySchema) })
export const newKeySchema = z.strictObject(apiKeySchema.shape)
export const createdKeySchema = keySummarySchema.extend({ key: z.string() })

/** Milliseconds of preparing and running, summed over the compared requests. */
const spentSchema = z.object({ version: versionSchema, ms: z.number() })

export const shadowReportSchema = z.object({
  alias: aliasSchema,
  shadow: versionSchema.optional(),
  comparisons: z.array(
    z.object({
      primary: spentSchema,
      shadow: spentSchema,
      requests: z.number().int(),
      /** Requests that the shadow failed. */
      failed: z.number().int(),
      rows: z.number().int(),
      /** Rows whose highest score is at the same place; for one number each, rows within 1 percent. */
      agreed: z.number().int(),
      /** Largest difference of two values. */
      largestDifference: z.number(),
    }),
  ),
})
export type ShadowReport = z.infer<typeof shadowReportSchema>

export const errorBodySchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    param: z.string().optional(),
    request_id: z.string(),
  }),
})

/** As AWS' clients read errors: the name is the class that they raise. */
export const awsErrorSchema = z.object({ __type: z.string(), message: z.string() })
