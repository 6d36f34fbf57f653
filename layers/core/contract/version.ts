/** What a registered version holds: the manifest, its files, its lineage, and the alias record. */
import * as z from 'zod'
import { aliasSchema, modelNameSchema, versionSchema } from './names.ts'
import { sha256Schema } from './uploads.ts'

/**
 * The files of a version, by role. A version of layers has at least `model` and `weights`, one that is a graph (it can be served, not
 * trained or edited) has `graph` instead; the rest as far as they are known.
 */
export const versionFiles = {
  /** TF.js layers-model JSON: Keras topology, training configuration and weight specs. */
  model: 'model.json',
  /** All weights, little-endian, in the order of the specs in `model.json`. */
  weights: 'weights.bin',
  /** TensorFlow's SavedModel file with the weights inside; it needs no folder of variables. */
  graph: 'saved_model.pb',
  signature: 'signature.json',
  preprocess: 'preprocess.json',
  labels: 'labels.json',
  evaluation: 'evaluation.json',
  history: 'history.json',
  report: 'report.html',
  /** What became of each layer of an imported model. */
  conversion: 'conversion.json',
  /** Names and shapes of the golden inputs and outputs, and their values. */
  golden: 'golden.json',
  goldenValues: 'golden.bin',
  /** Of an imported model: the slots and step of its optimiser, with which training goes on. */
  optimizer: 'optimizer.safetensors',
} as const

export const fileReferenceSchema = z.object({
  path: z.string().min(1),
  sha256: sha256Schema,
  size: z.number().int().min(0),
})
export type FileReference = z.infer<typeof fileReferenceSchema>

/** Where a version came from; enough to train it again. */
export const lineageSchema = z.object({
  source: z.enum(['training', 'import']),
  job: z.string().optional(),
  dataset: z.object({ name: z.string(), fingerprint: z.string(), examples: z.number().int() }).optional(),
  hyperparameters: z.record(z.string(), z.string()).optional(),
  seed: z.number().int().optional(),
  /** e.g. `maas 0.1.0`. */
  code: z.string(),
  /** e.g. `tensorflow-2.21.0-x64`. */
  kernels: z.string(),
  /** Name of the imported file, and the import that brought it. */
  file: z.string().optional(),
  import: z.string().optional(),
})
export type Lineage = z.infer<typeof lineageSchema>

/** Immutable; written last, so that a version exists whole or not at all. */
export const manifestSchema = z.object({
  schema: z.literal(1),
  name: modelNameSchema,
  version: versionSchema,
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  description: z.string().max(2000).optional(),
  files: z.array(fileReferenceSchema).min(1),
  /** Headline numbers, e.g. `test_accuracy`, `parameters`. */
  metrics: z.record(z.string(), z.number()),
  lineage: lineageSchema,
})
export type Manifest = z.infer<typeof manifestSchema>

/** Bytes of a version's weights, about: a graph file holds little else. */
export const weightBytesOf = ({ files }: Pick<Manifest, 'files'>): number =>
  files.find(({ path }) => path === versionFiles.weights || path === versionFiles.graph)?.size ?? 0

/** What the caller of `registry.register` gives; the registry adds number, time and hashes. */
export interface NewVersion {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly metrics?: Readonly<Record<string, number>>
  readonly lineage: Lineage
  readonly description?: string
}

export const aliasTargetSchema = z.object({ version: versionSchema, weight: z.number().min(0).max(100) })

/** Who moved an alias when, why and from where to where. */
const aliasChangeSchema = z.object({
  at: z.string(),
  by: z.string(),
  why: z.string(),
  from: z.array(aliasTargetSchema),
  to: z.array(aliasTargetSchema),
  /** The shadow after the change; absent when there was none. */
  shadow: versionSchema.optional(),
})

/** A name for one version, or for a weighted split of versions; replaced by compare-and-swap only. */
export const aliasRecordSchema = z.object({
  schema: z.literal(1),
  name: modelNameSchema,
  alias: aliasSchema,
  targets: z.array(aliasTargetSchema).min(1),
  shadow: versionSchema.optional(),
  generation: z.number().int().min(1),
  /** Newest last; at most the last 200. */
  history: z.array(aliasChangeSchema),
})
export type AliasRecord = z.infer<typeof aliasRecordSchema>
export type AliasTarget = z.infer<typeof aliasTargetSchema>
