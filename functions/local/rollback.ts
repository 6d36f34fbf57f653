/** On one machine what alarms do on AWS: counts a model's failures and times over five minutes, and takes an alias back when a rule is broken. */
import { type RollbackRule, rollbackWindow } from '@maas/core/contract'
import type { Log } from '@maas/core/http'
import { type Registry, rollBack } from '@maas/core/registry'

export interface RollbackDeps {
  readonly registry: Registry
  readonly rules: readonly RollbackRule[]
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Told what was done, and why nothing was. */
  readonly say: (text: string) => void
}

/** Of one model within ten seconds. */
interface Slice {
  readonly at: number
  answers: number
  errors: number
  ms: number
}

const SLICE_MS = 10_000

const sum = (slices: readonly Slice[], field: 'answers' | 'errors' | 'ms'): number =>
  slices.reduce((total, slice) => total + slice[field], 0)

const measure = (slices: readonly Slice[], { metric }: RollbackRule): number =>
  metric === 'errors' ? sum(slices, 'errors') : sum(slices, 'ms') / Math.max(1, sum(slices, 'answers'))

/** Takes the line that is logged for every request. */
export const watchRollback = ({ registry, rules, clock, say }: RollbackDeps): Log => {
  const watched = new Map(rules.map(({ model }) => [model, [] as Slice[]]))
  /** Rules that are broken now: like an alarm, each rings once and then has to fall silent. */
  const ringing = new Set<RollbackRule>()

  const look = async (rule: RollbackRule, slices: readonly Slice[]): Promise<void> => {
    const { model, alias, metric, limit } = rule
    const value = measure(slices, rule)
    if (value <= limit) return void ringing.delete(rule)
    if (ringing.has(rule)) return
    ringing.add(rule)
    const found = metric === 'errors' ? `${value} errors` : `${value.toFixed(1)} ms on average`
    const why = `${found} of ${model} in ${rollbackWindow / 60} minutes, allowed are ${limit}`
    const { reason } = await rollBack({ registry }, { model, alias, why, now: clock() })
    say(`${why}: ${reason}.`)
  }

  return (entry) => {
    const { message, model, version, status, ms } = entry
    const slices = message === 'request' && version !== undefined ? watched.get(String(model)) : undefined
    if (slices === undefined) return
    const now = clock()
    let last = slices.at(-1)
    if (last === undefined || now - last.at >= SLICE_MS) {
      last = { at: now, answers: 0, errors: 0, ms: 0 }
      slices.push(last)
    }
    last.answers += 1
    last.ms += Number(ms)
    if (Number(status) >= 500) last.errors += 1
    while (now - (slices[0]?.at ?? now) > rollbackWindow * 1000) slices.shift()
    for (const rule of rules) {
      if (rule.model !== model) continue
      look(rule, slices).catch((error: unknown) => say(`${model}@${rule.alias} could not go back: ${error}`))
    }
  }
}
