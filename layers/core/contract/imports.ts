/** Imports: a model file from elsewhere as a resource, from its upload to a registered version, or to a report of why not. */
import * as z from 'zod'
import { replaySchema, toleranceSchema } from './certificate.ts'
import { limits } from './limits.ts'
import { aliasSchema, modelNameSchema, versionSchema } from './names.ts'
import { givenPreprocessSchema } from './preprocess.ts'
import { filePathSchema, sha256Schema, uploadSchema } from './uploads.ts'

export const importIdSchema = z.string().regex(/^[0-9a-f]{32}$/, 'an import id is 32 hexadecimal digits')

export const labelsSchema = z.array(z.string().max(200)).min(1).max(100_000)

const importFileSchema = z.strictObject({
  path: filePathSchema,
  size: z.number().int().min(1).max(limits.modelBytes),
  sha256: sha256Schema,
})

export const importRequestSchema = z
  .strictObject({
    model: modelNameSchema,
    /** The first is the model file; what it refers to lies beside it by these paths. */
    files: z.array(importFileSchema).min(1).max(100),
    /** Moves to the new version when its certificate passes. */
    alias: aliasSchema.optional(),
    description: z.string().max(limits.descriptionCharacters).optional(),
    labels: labelsSchema.optional(),
    preprocess: givenPreprocessSchema.optional(),
    /** Path of the topology among `files`, as Keras' `model.to_json()` writes it, when the model file holds weights alone. */
    topology: filePathSchema.optional(),
    /** Paths of two .npy files (or of .npz files, by input and output name) among `files`. */
    golden: z
      .strictObject({ inputs: filePathSchema, outputs: filePathSchema, tolerance: toleranceSchema.optional() })
      .optional(),
  })
  .refine(({ files }) => new Set(files.map(({ path }) => path)).size === files.length, {
    message: 'a path is named twice',
  })
  .refine(({ files }) => files.reduce((sum, { size }) => sum + size, 0) <= limits.modelBytes, {
    message: `all files together may have ${limits.modelBytes} bytes`,
  })
  .refine(
    ({ files, golden }) =>
      golden === undefined ||
      [golden.inputs, golden.outputs].every((path) => files.slice(1).some((file) => file.path === path)),
    { message: 'golden names files that are not among files' },
  )
  .refine(({ files, topology }) => topology === undefined || files.slice(1).some(({ path }) => path === topology), {
    message: 'topology names a file that is not among files',
  })
export type ImportRequest = z.infer<typeof importRequestSchema>

/** What became of each layer of a converted model. */
export const conversionSchema = z.object({
  /** e.g. `Keras 3.15.1, HDF5` */
  source: z.string(),
  layers: z.array(
    z.object({
      name: z.string(),
      className: z.string(),
      status: z.enum(['supported', 'adapted', 'refused']),
      /** For what is adapted or refused. */
      why: z.string().optional(),
    }),
  ),
  /** What is not about one layer: training configuration left out, half precision widened. */
  notes: z.array(z.string()),
})
export type Conversion = z.infer<typeof conversionSchema>

const failureSchema = z.object({ code: z.string(), message: z.string() })

/** What check found; written last, once. A candidate that passed is whole. */
export const verdictSchema = z.object({
  schema: z.literal(1),
  at: z.string(),
  kernels: z.string(),
  error: failureSchema.optional(),
  conversion: conversionSchema.optional(),
  certificate: replaySchema.optional(),
  /** Of the candidate, by path. Empty when it failed. */
  files: z.array(z.string()),
  metrics: z.record(z.string(), z.number()),
  /** The compiled graph beside the candidate's files, where there is one. */
  graph: z.object({ rowsIndependent: z.boolean() }).optional(),
})
export type Verdict = z.infer<typeof verdictSchema>

export const importSchema = z.object({
  id: importIdSchema,
  model: modelNameSchema,
  /** Name of the model file. */
  file: z.string(),
  /** `pending` until all files have arrived and `complete` was called; `registered` and `failed` are final. */
  status: z.enum(['pending', 'checking', 'failed', 'registered']),
  created_at: z.string(),
  alias: aliasSchema.optional(),
  version: versionSchema.optional(),
  /** Of its files, while it is pending. */
  uploads: z.array(uploadSchema).optional(),
  error: failureSchema.optional(),
  conversion: conversionSchema.optional(),
  certificate: replaySchema.optional(),
})
export type Import = z.infer<typeof importSchema>
export const importListSchema = z.object({ imports: z.array(importSchema) })
