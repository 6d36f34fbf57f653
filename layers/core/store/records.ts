/** JSON records in an object store, and walks over its keys. */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { messageOf, NotFoundError, StorageError } from '../errors.ts'
import type { ObjectInfo, ObjectStore, StoredContent } from './types.ts'

/** The result, or undefined when what was asked for is not there. */
export const ifFound = async <T>(promise: Promise<T>): Promise<T | undefined> => {
  try {
    return await promise
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** Reads an object for its hash, so that it can be put under another key without being in memory. NotFoundError when absent. */
export const storedContent = async (store: ObjectStore, key: string): Promise<StoredContent> => {
  const info = await store.head(key)
  if (info === undefined) throw new NotFoundError(`"${key}" does not exist`)
  const hash = createHash('sha256')
  for await (const chunk of await store.stream(key)) hash.update(chunk)
  return { info, sha256: hash.digest('hex') }
}

export const toJson = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)

/** Parses a stored record; StorageError when it is damaged. */
export const fromJson = <T>(schema: z.ZodType<T>, body: Uint8Array, key: string): T => {
  try {
    return schema.parse(JSON.parse(Buffer.from(body).toString()))
  } catch (error) {
    throw new StorageError(`"${key}" is damaged: ${messageOf(error)}; restore it from a backup`, { cause: error })
  }
}

/** Undefined when there is none. */
export const readRecord = async <T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const found = await ifFound(store.get(key))
  return found && fromJson(schema, found.body, key)
}

/** All objects below a prefix, page by page. */
export async function* objectsBelow(store: ObjectStore, prefix: string): AsyncGenerator<ObjectInfo> {
  let after: string | undefined
  do {
    const page = await store.list(prefix, { ...(after !== undefined && { after }) })
    yield* page.objects
    after = page.next
  } while (after !== undefined)
}

/** The names of the folders directly below a prefix, each with its final `/`. */
export async function* foldersBelow(store: ObjectStore, prefix: string): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await store.list(prefix, { delimiter: '/', ...(after !== undefined && { after }) })
    yield* page.prefixes
    after = page.next
  } while (after !== undefined)
}
