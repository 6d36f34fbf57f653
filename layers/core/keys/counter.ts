/** Counts requests exactly, also when several processes count for one key: compare-and-swap, many requests in one write. */
import { ConflictError, MaasError } from '@maas/core/errors'
import type { KeyStore } from './types.ts'
import { charge, type KeyLimits, type Refusal, spend, type Usage } from './usage.ts'

export interface Counter {
  /** Undefined when the request may go on; 'revoked' when the key is gone. */
  spend(id: string, limits: KeyLimits): Promise<Refusal | 'revoked' | undefined>
  /** Adds US dollars; a key that is gone needs none. */
  charge(id: string, cost: number): Promise<void>
}

export interface CounterDeps {
  readonly store: Pick<KeyStore, 'usage' | 'setUsage'>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly random: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** One change that waits for the next write. */
interface Pending {
  /** The counter after it, the same when it changes nothing; undefined when there is no counter. */
  readonly apply: (usage: Usage | undefined) => Usage | undefined
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

const mostAttempts = 100

export const createCounter = ({ store, clock, random, sleep }: CounterDeps): Counter => {
  const queues = new Map<string, Pending[]>()

  /** All changes that wait are made by one write; lost races are run again on what the winner left. */
  const write = async (id: string, batch: readonly Pending[]): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const found = await store.usage(id)
      const after = batch.reduce<Usage | undefined>((usage, { apply }) => apply(usage), found?.usage)
      if (found === undefined || after === undefined || after === found.usage) return
      try {
        await store.setUsage(id, after, found.etag)
        return
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        if (attempt === mostAttempts) {
          throw new MaasError('over_quota', 'Too many requests are counted for this key at once.', { retryAfter: 1 })
        }
      }
      await sleep(random() * Math.min(200, 5 * attempt))
    }
  }

  const drain = async (id: string, queue: Pending[]): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0)
      try {
        await write(id, batch)
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    queues.delete(id)
  }

  const change = (id: string, apply: Pending['apply']): Promise<void> =>
    new Promise((done, failed) => {
      const queue = queues.get(id)
      const pending = { apply, done, failed }
      if (queue !== undefined) {
        queue.push(pending)
        return
      }
      const started = [pending]
      queues.set(id, started)
      void drain(id, started)
    })

  return {
    spend: async (id, limits) => {
      let refusal: Refusal | 'revoked' | undefined
      await change(id, (usage) => {
        refusal = undefined
        if (usage === undefined) {
          refusal = 'revoked'
          return undefined
        }
        const result = spend(usage, limits, clock())
        if ('usage' in result) return result.usage
        refusal = result.refusal
        return usage
      })
      return refusal
    },
    charge: (id, cost) => change(id, (usage) => (usage === undefined ? undefined : charge(usage, cost, clock()))),
  }
}
