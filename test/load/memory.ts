/** Anonymous memory of a service, process by process, which no page shared with others is counted into. Linux. */
import { anonymousOf } from '../../bench/memory-of.ts'
import { childrenOf } from '../e2e/serve/running.ts'

export interface MemorySamples {
  /** MB of the process that listens, a sample at a time. */
  readonly front: number[]
  /** MB of all processes of models together. */
  readonly models: number[]
  /** MB of each process of a model that lived, by its id. */
  readonly each: Map<number, number[]>
}

export const noSamples = (): MemorySamples => ({ front: [], models: [], each: new Map() })

export const sample = (pid: number, { front, models, each }: MemorySamples): void => {
  front.push(anonymousOf(pid))
  let sum = 0
  for (const child of childrenOf(pid)) {
    const held = anonymousOf(child)
    sum += held
    each.set(child, [...(each.get(child) ?? []), held])
  }
  models.push(sum)
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const thirds = (samples: readonly number[]): readonly [number, number] => {
  const third = Math.floor(samples.length / 3)
  return [mean(samples.slice(third, 2 * third)), mean(samples.slice(2 * third))]
}

/** MB that the last third of the samples holds more than the second; the first one still fills caches. */
export const growth = (samples: readonly number[]): number => {
  const [before, after] = thirds(samples)
  return after - before
}

/** Whether it grows by no more than a twentieth and 16 MB; few samples, of a process that came late, say nothing. */
export const isFlat = (samples: readonly number[]): boolean => {
  if (samples.length < 15) return true
  const [before, after] = thirds(samples)
  return after <= before * 1.05 + 16
}
