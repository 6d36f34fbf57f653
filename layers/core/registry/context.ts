/** What the parts of the registry share: the store, the clock, and small helpers over both. */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { messageOf, NotFoundError, StorageError } from '../errors.ts'
import type { ObjectInfo, ObjectStore } from '../store/index.ts'

export interface RegistryDeps {
  readonly now?: () => Date
  /** In 0..1: resolves weighted aliases and spreads retries. */
  readonly random?: () => number
  readonly sleep?: (ms: number) => Promise<void>
  readonly id?: () => string
}

export interface Context extends Required<RegistryDeps> {
  readonly store: ObjectStore
}

export const contextOf = (store: ObjectStore, deps: RegistryDeps): Context => ({
  store,
  now: deps.now ?? (() => new Date()),
  random: deps.random ?? Math.random,
  sleep: deps.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
  id: deps.id ?? randomUUID,
})

/** Requests to the store that run at the same time. */
const PARALLEL = 16

/** `Promise.all` over a bounded number at a time, in order. */
export const each = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const results = new Array<R>(items.length)
  const queue = items.entries()
  const run = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, run))
  return results
}

/** The result, or undefined when what was asked for is not there. */
export const ifFound = async <T>(promise: Promise<T>): Promise<T | undefined> => {
  try {
    return await promise
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
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

export const toJson = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)

/** Parses a stored record; StorageError when it is damaged. */
export const fromJson = <T>(schema: z.ZodType<T>, body: Uint8Array, key: string): T => {
  try {
    return schema.parse(JSON.parse(Buffer.from(body).toString()))
  } catch (error) {
    throw new StorageError(`"${key}" is damaged: ${messageOf(error)}; restore it from a backup`, { cause: error })
  }
}
