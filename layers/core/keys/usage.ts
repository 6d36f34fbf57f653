/** What a key has used, and whether one more request fits: pure, so that every store counts alike. */
import type { ApiKey } from '@maas/core/contract'
import * as z from 'zod'

export const usageSchema = z.object({
  /** UTC, `2026-11`. */
  month: z.string().regex(/^\d{4}-\d{2}$/),
  requests: z.number().int().min(0),
  /** US dollars. */
  cost: z.number().min(0),
  /** Milliseconds since 1970 until which the key's rate is spoken for; a burst reaches ahead of now. */
  busyUntil: z.number(),
})
export type Usage = z.infer<typeof usageSchema>

export type KeyLimits = Pick<ApiKey, 'throttle' | 'quota' | 'budget'>

export interface Refusal {
  readonly limit: 'throttle' | 'quota' | 'budget'
  /** What was exceeded, in words. */
  readonly message: string
  /** Seconds. */
  readonly retryAfter: number
}

export const monthOf = (now: number): string => new Date(now).toISOString().slice(0, 7)

export const unused = (now: number): Usage => ({ month: monthOf(now), requests: 0, cost: 0, busyUntil: 0 })

export const isLimited = ({ throttle, quota, budget }: KeyLimits): boolean =>
  throttle !== undefined || quota !== undefined || budget !== undefined

/** A month ends once: a clock that runs behind must not open the last one again. */
const current = (usage: Usage, now: number): Usage =>
  monthOf(now) > usage.month ? { ...unused(now), busyUntil: usage.busyUntil } : usage

/** Counts one request at `now`, milliseconds since 1970, or says what it would exceed; a refused request counts nothing. */
export const spend = (before: Usage, limits: KeyLimits, now: number): { usage: Usage } | { refusal: Refusal } => {
  const usage = current(before, now)
  const { throttle, quota, budget } = limits
  const next = nextMonth(usage.month)
  const restOfMonth = Math.max(1, Math.ceil((next - now) / 1000))
  const again = `it starts again on ${new Date(next).toISOString().slice(0, 10)}`
  if (quota !== undefined && usage.requests >= quota) {
    const message = `all ${quota} requests of ${usage.month} are used; ${again}`
    return { refusal: { limit: 'quota', message, retryAfter: restOfMonth } }
  }
  if (budget !== undefined && usage.cost >= budget) {
    const message = `$${usage.cost.toFixed(6)} of the budget of $${budget} for ${usage.month} are spent; ${again}`
    return { refusal: { limit: 'budget', message, retryAfter: restOfMonth } }
  }
  let { busyUntil } = usage
  if (throttle !== undefined) {
    const step = 1000 / throttle.rate
    const ahead = step * (throttle.burst - 1)
    // No clock that ran ahead may lock the key for longer than a burst takes.
    const from = Math.min(Math.max(busyUntil, now), now + step * throttle.burst)
    if (from - now > ahead + 1e-6) {
      const message = `at most ${throttle.rate} requests a second are taken, ${throttle.burst} at once`
      return { refusal: { limit: 'throttle', message, retryAfter: Math.max(0.001, (from - now - ahead) / 1000) } }
    }
    busyUntil = from + step
  }
  return { usage: { ...usage, requests: usage.requests + 1, busyUntil } }
}

/** Adds what a request has cost, in US dollars; known only when it was answered. */
export const charge = (before: Usage, cost: number, now: number): Usage => {
  const usage = current(before, now)
  return { ...usage, cost: usage.cost + cost }
}

const nextMonth = (month: string): number => {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return Date.UTC(year, number, 1)
}
