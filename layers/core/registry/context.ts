/** What the parts of the registry share: the store, the clock, and small helpers over both. */
import { randomUUID } from 'node:crypto'
import type { ObjectStore } from '../store/index.ts'

export { foldersBelow, fromJson, ifFound, objectsBelow, readRecord, toJson } from '../store/index.ts'

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
