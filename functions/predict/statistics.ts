/** What this process answered: counts and time per version, as the Open Inference Protocol's statistics have them. */
import type { inferenceStatisticsSchema } from '@maas/core/contract'
import type { Prediction, ServedModel } from '@maas/core/predict'
import type { z } from 'zod'

/** Milliseconds of one answered request. */
export interface Spent {
  readonly total: number
  readonly load: number
  readonly encode: number
}

export interface Statistics {
  succeeded(prediction: Prediction, spent: Spent): void
  /** `ms` until it failed. */
  failed(model: Pick<ServedModel, 'name' | 'version'>, ms: number): void
  of(name: string, version: number): ModelStatistics
}

export type ModelStatistics = z.infer<typeof inferenceStatisticsSchema>['model_stats'][number]

const parts = [
  'success',
  'fail',
  'queue',
  'compute_input',
  'compute_infer',
  'compute_output',
  'cache_hit',
  'cache_miss',
] as const
type Part = (typeof parts)[number]

interface Tally {
  last: number
  rows: number
  requests: number
  readonly time: Record<Part, { count: number; ns: number }>
}

const blank = (): Tally => ({
  last: 0,
  rows: 0,
  requests: 0,
  time: Object.fromEntries(parts.map((part) => [part, { count: 0, ns: 0 }])) as Tally['time'],
})

/** `clock`: milliseconds since 1970. */
export const createStatistics = (clock: () => number): Statistics => {
  const tallies = new Map<string, Tally>()
  const tallyOf = ({ name, version }: Pick<ServedModel, 'name' | 'version'>): Tally => {
    const key = `${name}:${version}`
    const tally = tallies.get(key) ?? blank()
    tallies.set(key, tally)
    return tally
  }
  const add = ({ time }: Tally, part: Part, ms: number): void => {
    time[part].count++
    time[part].ns += Math.round(Math.max(0, ms) * 1e6)
  }

  return {
    succeeded: ({ model, outputs, timings }, { total, load, encode }) => {
      const tally = tallyOf(model)
      const { prepare, run } = timings
      tally.last = Math.round(clock())
      tally.requests++
      tally.rows += Object.values(outputs)[0]?.shape[0] ?? 0
      add(tally, 'success', total)
      add(tally, 'queue', total - load - prepare - run - encode)
      add(tally, 'compute_input', prepare)
      add(tally, 'compute_infer', run)
      add(tally, 'compute_output', encode)
    },
    failed: (model, ms) => add(tallyOf(model), 'fail', ms),
    of: (name, version) => {
      const { last, rows, requests, time } = tallies.get(`${name}:${version}`) ?? blank()
      return {
        name,
        version: String(version),
        last_inference: last,
        inference_count: rows,
        execution_count: requests,
        inference_stats: structuredClone(time),
        batch_stats: [],
      }
    },
  }
}
