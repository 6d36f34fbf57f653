/** JSON objects in the store: read with a schema, written whole. */
import type { z } from 'zod'
import { StorageError } from '../errors.ts'

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** StorageError names the key of an object that is damaged. */
export const parseObject = <T>(schema: z.ZodType<T>, body: Uint8Array, key: string): T => {
  try {
    return schema.parse(JSON.parse(textOf(body)))
  } catch (cause) {
    throw new StorageError(`${key} is damaged: it does not hold what it should`, { cause })
  }
}
