/** Short leases in the object store: a deletion announces itself, others wait; one whose holder died expires by itself. */
import { ConflictError } from '../errors.ts'
import { type Context, objectsBelow } from './context.ts'

/** A holder stops acting this long after it took the lease… */
const HOLD_MS = 5_000
/** …and others disregard the lease only later, so that clocks may differ and a request may be slow. */
const EXPIRE_MS = 15_000
const POLL_MS = 100

export interface Lease {
  /** Ask before every step that the lease protects; false when time is up. */
  isHeld(): boolean
  release(): Promise<void>
}

export const takeLease = async ({ store, now, id }: Context, prefix: string): Promise<Lease> => {
  const since = now().getTime()
  const key = `${prefix}${since}-${id()}`
  await store.put(key, new Uint8Array())
  return {
    isHeld: () => now().getTime() - since < HOLD_MS,
    release: () => store.delete(key),
  }
}

export const isLeased = async ({ store, now }: Context, prefix: string): Promise<boolean> => {
  for await (const { key } of objectsBelow(store, prefix)) {
    const since = Number(/^\d+/.exec(key.slice(prefix.length))?.[0])
    if (now().getTime() - since < EXPIRE_MS) return true
  }
  return false
}

/** Returns when nobody holds a lease below `prefix` any more. */
export const leaseEnd = async (context: Context, prefix: string): Promise<void> => {
  const polls = (4 * EXPIRE_MS) / POLL_MS
  for (let poll = 0; await isLeased(context, prefix); poll++) {
    if (poll > polls)
      throw new ConflictError(`"${prefix}" has been busy for a minute; repeat later`, { retryAfter: 30 })
    await context.sleep(POLL_MS)
  }
}
