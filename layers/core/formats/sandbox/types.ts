/** What the service and the reading process tell each other. */
import * as z from 'zod'

export interface ReaderTask {
  readonly files: readonly {
    readonly path: string
    /** Inherited by the reading process. */
    readonly descriptor: number
    readonly archive?: boolean
  }[]
  /** Of the files, of what they unpack to, and of the answer. */
  readonly maxBytes: number
}

/** Lengths of what follows the answer. */
const parts = z.array(z.number().int().min(0)).max(3)

/** The reading process is not trusted: it may have been taken over by what it read. */
export const readerAnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refused'),
    code: z.enum(['invalid_input', 'unsupported', 'too_large']).catch('invalid_input'),
    message: z.string().max(100_000),
    parts,
  }),
  z.object({
    kind: z.literal('graph'),
    source: z.string().max(100),
    notes: z.array(z.string().max(10_000)).max(10_000),
    operations: z.array(z.string().max(1000)).max(10_000),
    parts: parts.length(1),
  }),
  z.object({
    kind: z.literal('layers'),
    source: z.string().max(100),
    notes: z.array(z.string().max(10_000)).max(10_000),
    parts: parts.length(2),
  }),
  z.object({ kind: z.literal('keras'), parts: parts.length(3) }),
])
export type ReaderAnswer =
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly parts: readonly number[] }
  | Exclude<z.infer<typeof readerAnswerSchema>, { kind: 'refused' }>
