/** The parity certificate of a version: golden inputs and outputs that never change, and what replaying them on some kernels showed. */
import * as z from 'zod'
import { tensorSpecSchema } from './tensors.ts'

/** Names native kernels in certificates and derived files, e.g. `tensorflow-2.21.0-x64`. */
export const nativeId = (tensorflow: string, arch: string): string => `tensorflow-${tensorflow}-${arch}`

/** max|a-b| / max|b|, the measure of every comparison. */
export const defaultTolerance = 1e-5
export const toleranceSchema = z.number().positive().max(0.1)

/** Bytes of golden tensors, inputs and outputs together. */
export const mostGoldenBytes = 64 * 1024 * 1024

/** Beside it lie the tensors' bytes, little-endian, one after another: inputs first, in this order. */
export const goldenSchema = z.object({
  schema: z.literal(1),
  /** `given`: by whoever pushed the model. `generated`: seeded inputs, answered by the eager reference path. */
  source: z.enum(['given', 'generated']),
  seed: z.number().int().optional(),
  tolerance: toleranceSchema,
  inputs: z.array(tensorSpecSchema).min(1),
  outputs: z.array(tensorSpecSchema).min(1),
})
export type Golden = z.infer<typeof goldenSchema>

export const replaySchema = z.object({
  schema: z.literal(1),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** e.g. `tensorflow-2.21.0-x64`. */
  kernels: z.string(),
  /** What ran: a compiled graph, or the model operation by operation. */
  mode: z.enum(['compiled', 'eager']),
  source: goldenSchema.shape.source,
  rows: z.number().int(),
  tolerance: z.number(),
  /** Largest of all outputs; null when an output is not a number or of another shape. */
  difference: z.number().nullable(),
  passed: z.boolean(),
  outputs: z.array(z.object({ name: z.string(), difference: z.number().nullable() })),
})
export type Replay = z.infer<typeof replaySchema>

/** A replay, and whether a compiled graph lies beside it. */
export const replayedSchema = z.object({
  replay: replaySchema,
  graph: z.object({ rowsIndependent: z.boolean() }).optional(),
})

/** Of a version: its newest replay decides whether an alias may move to it. */
export const certificateSchema = z.object({ golden: goldenSchema.optional(), replays: z.array(replaySchema) })
export type Certificate = z.infer<typeof certificateSchema>

/** Where a replay lies among the derived files of a version. */
export const replayPath = (kernels: string): string => `${kernels}/certificate.json`
