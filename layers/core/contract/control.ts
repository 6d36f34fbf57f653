/** Request and response bodies of the control plane. */
import { z } from 'zod'
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

/** Moves an alias: to one version, or to a weighted split of several. */
export const aliasMoveSchema = z
  .strictObject({
    version: versionSchema.optional(),
    targets: z.array(aliasTargetSchema).min(1).max(10).optional(),
    /** Kept in the alias's history. */
    reason: z.string().max(500).default(''),
  })
  .refine(({ version, targets }) => (version === undefined) !== (targets === undefined), {
    message: 'give exactly one of version and targets',
  })
export type AliasMove = z.input<typeof aliasMoveSchema>

export const errorBodySchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    param: z.string().optional(),
    request_id: z.string(),
  }),
})
