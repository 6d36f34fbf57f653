/** Uploads: large files go straight to the object store by URLs that are signed for one length and one checksum each. */
import * as z from 'zod'

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hexadecimal digits in lower case')

export const uploadIdSchema = z.string().regex(/^[0-9a-f]{32}$/, 'an upload id is 32 hexadecimal digits')

/** Bytes of one part; smaller files go in one piece. */
export const partBytes = 16 * 1024 * 1024
/** S3 takes 10,000 parts of an object. */
export const mostParts = 10_000
/** Parts that one request may ask addresses for. */
export const mostSigned = 100

/** A relative path with `/`, as a store takes it. */
export const filePathSchema = z
  .string()
  .max(400)
  .regex(
    /^[A-Za-z0-9_][\w.@+ -]{0,149}(\/[A-Za-z0-9_][\w.@+ -]{0,149}){0,3}$/,
    'a file path is up to four segments of letters, digits and . _ - @ + or spaces, each starting with a letter or digit',
  )

export const uploadRequestSchema = z.strictObject({
  /** Under `datasets/`, where training jobs read. A name that is taken is refused: what a job was trained on stays what it was. */
  dataset: filePathSchema,
  size: z
    .number()
    .int()
    .min(1)
    .max(partBytes * mostParts),
  sha256: sha256Schema,
})
export type UploadRequest = z.infer<typeof uploadRequestSchema>

export const uploadSchema = z.object({
  id: uploadIdSchema,
  /** Where the file will lie in the object store. */
  key: z.string(),
  size: z.number().int(),
  sha256: sha256Schema,
  status: z.enum(['pending', 'complete']),
  /** Bytes of every part but the last. */
  part_bytes: z.number().int(),
  parts: z.number().int(),
  /** Numbers of the parts that have arrived, from 1: an interrupted upload goes on with the others. */
  received: z.array(z.number().int()),
})
export type Upload = z.infer<typeof uploadSchema>

const partNumberSchema = z.number().int().min(1).max(mostParts)

export const partsRequestSchema = z.strictObject({
  parts: z
    .array(z.strictObject({ number: partNumberSchema, sha256: sha256Schema }))
    .min(1)
    .max(mostSigned),
})

/** Where to PUT one part, with exactly these headers and as many bytes as were signed. */
export const signedPartSchema = z.object({
  number: partNumberSchema,
  /** Absolute, or a path of the service itself. */
  url: z.string(),
  headers: z.record(z.string(), z.string()),
})
export type SignedPart = z.infer<typeof signedPartSchema>
export const partsSchema = z.object({ parts: z.array(signedPartSchema) })

/** Bytes of part `number` of a file. */
export const sizeOfPart = ({ size, part_bytes: bytes }: Pick<Upload, 'size' | 'part_bytes'>, number: number): number =>
  Math.max(0, Math.min(bytes, size - (number - 1) * bytes))
