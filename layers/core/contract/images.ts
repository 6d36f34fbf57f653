/** Images that are sent once and named in many requests. */
import * as z from 'zod'
import { sha256Schema } from './uploads.ts'

/** Seconds that an image is kept. */
export const imageSeconds = 7 * 24 * 3600

/** Below it lie the images of each key, by its own hash: no key can name another's. */
export const imagePrefix = 'uploads/images/'

export const imageUploadSchema = z.object({
  /** SHA-256 of the file; requests name it `{"upload": id}`. */
  id: sha256Schema,
  size: z.number().int(),
  expires_at: z.string(),
})
export type ImageUpload = z.infer<typeof imageUploadSchema>
