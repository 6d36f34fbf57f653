/** When a failed call is tried again, and after how long. */

export interface RetryPolicy {
  /** Attempts after the first. */
  readonly maxRetries: number
  /** 0..1; spreads clients that failed together. */
  readonly random: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>
}

/** `safe`: the call may have been carried out already and may be again. `refused`: only when the service said that it did nothing. */
export type Repeatable = 'safe' | 'refused'

const refusedStatuses = new Set([429, 503])
const passingStatuses = new Set([...refusedStatuses, 408, 500, 502, 504])

/** `status` is undefined when no answer came at all. */
export const isRetryable = (status: number | undefined, repeatable: Repeatable): boolean => {
  if (status === undefined) return repeatable === 'safe'
  return (repeatable === 'safe' ? passingStatuses : refusedStatuses).has(status)
}

const BASE = 250
const LONGEST = 60_000

/** Milliseconds: what the service asked for plus up to a tenth, else doubling from a quarter second with full jitter. */
export const delayOf = (attempt: number, retryAfter: number | undefined, random: () => number): number => {
  if (retryAfter !== undefined) return Math.min(retryAfter * 1000 * (1 + random() / 10), LONGEST)
  return Math.min(BASE * 2 ** attempt, LONGEST) * random()
}

/** Seconds; the header holds seconds or a date. */
export const parseRetryAfter = (header: string | null, now: number): number | undefined => {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000)
}

/** Ends early, without an error, when the signal fires: the next attempt then reports it. */
export const sleep = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal?.addEventListener('abort', done, { once: true })
    if (signal?.aborted) done()
  })
