/** API keys: what one may do, how it is stored, and how it is looked up without being kept. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { modelNameSchema } from './names.ts'

/** `data`: predictions. `control`: models, versions, aliases, jobs. */
export const rightSchema = z.enum(['data', 'control'])
export type Right = z.infer<typeof rightSchema>

/** As stored, under the key's hash. */
export const apiKeySchema = z.object({
  /** For people: who holds it. */
  name: z.string().min(1).max(100),
  rights: z.array(rightSchema).min(1).max(2),
  /** Models that `data` is about; absent means all. Eight fit into what an authorizer may answer. */
  models: z.array(modelNameSchema).min(1).max(8).optional(),
  /** Seconds since 1970; absent means never. */
  expires: z.number().int().positive().optional(),
  /** Requests a second that it may make on end, and how many at once. */
  throttle: z
    .object({ rate: z.number().positive().max(100_000), burst: z.number().int().min(1).max(100_000) })
    .optional(),
  /** Requests a calendar month (UTC). */
  quota: z.number().int().min(0).max(1e12).optional(),
  /** US dollars a calendar month: the prices that answers carry in `x-maas-cost`, added up. */
  budget: z.number().min(0).max(1e9).optional(),
})
export type ApiKey = z.infer<typeof apiKeySchema>

/** A key is 32 random bytes in base64url behind a prefix that secret scanners can find. */
export const apiKeyPattern = /^maas_[\w-]{43}$/

export const formatApiKey = (random: Uint8Array): string => `maas_${Buffer.from(random).toString('base64url')}`

/** SHA-256 is enough for keys with 256 random bits: there is nothing to guess. */
export const apiKeyHash = (key: string): string => createHash('sha256').update(key).digest('hex')

/** Primary key of a stored API key; the table holds other things beside keys. */
export const apiKeyId = (key: string): string => `key#${apiKeyHash(key)}`
