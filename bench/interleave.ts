/** Interleaved rounds: every contender measures once per round, so that a busy minute of the machine hits all alike. */
import type { Peer } from './peer.ts'
import { median } from './stats.ts'
import { type Bench, type Measured, type Skipped, Unavailable } from './types.ts'

export interface Contender {
  readonly name: string
  /** @throws Unavailable with the reason why it cannot take part */
  start(): Promise<Peer>
}

/** One thing that every contender is asked to do once per round. */
export interface Task<T> {
  readonly title: string
  /** @throws Unavailable when this contender cannot do it */
  measure(peer: Peer, name: string): Promise<T>
  /** Asked once before anything is timed; all contenders must give the same numbers. */
  answer?(peer: Peer): Promise<readonly number[]>
}

/** One contender's rounds of one task, or why there are none. */
export type Outcome<T> =
  | { readonly name: string; readonly versions: Readonly<Record<string, string>>; readonly rounds: readonly T[] }
  | Skipped

export interface Race<T> {
  readonly contenders: readonly Contender[]
  readonly tasks: readonly Task<T>[]
  /** Called with each task and what all answered to it, before the first round. */
  compare?(title: string, answers: ReadonlyMap<string, readonly number[]>): void
}

/** Starts all, compares their answers, then measures in turn; the first round is warm-up and thrown away. One list per task. */
export async function interleave<T>(bench: Bench, race: Race<T>): Promise<readonly (readonly Outcome<T>[])[]> {
  const { contenders, tasks } = race
  const peers = new Map<string, Peer>()
  const absent = new Map<string, string>()
  const results = tasks.map(() => ({ reasons: new Map<string, string>(), rounds: new Map<string, T[]>() }))
  const attempt = async (reasons: Map<string, string>, name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      reasons.set(name, error.message)
    }
  }
  try {
    for (const { name, start } of contenders) {
      bench.progress(`starting ${name}`)
      await attempt(absent, name, async () => void peers.set(name, await start()))
    }
    for (const [i, { title, answer }] of tasks.entries()) {
      const answers = new Map<string, readonly number[]>()
      for (const [name, peer] of peers) {
        await attempt(results[i]?.reasons ?? absent, name, async () => {
          if (answer !== undefined) answers.set(name, await answer(peer))
        })
      }
      race.compare?.(title, answers)
    }
    for (let round = 0; round <= bench.rounds; round++) {
      for (const [i, { title, measure }] of tasks.entries()) {
        const { reasons, rounds } = results[i] as (typeof results)[number]
        for (const [name, peer] of rotated([...peers], round)) {
          if (reasons.has(name)) continue
          bench.progress(`${title}: ${round === 0 ? 'warm-up' : `round ${round} of ${bench.rounds}`}, ${name}`)
          await attempt(reasons, name, async () => {
            const value = await measure(peer, name)
            if (round > 0) rounds.set(name, [...(rounds.get(name) ?? []), value])
          })
        }
      }
    }
    return results.map(({ reasons, rounds }) =>
      contenders.map(({ name }): Outcome<T> => {
        const skipped = absent.get(name) ?? reasons.get(name)
        if (skipped !== undefined) return { name, skipped }
        return { name, versions: peers.get(name)?.hello.ready ?? {}, rounds: rounds.get(name) ?? [] }
      }),
    )
  } finally {
    await Promise.all([...peers.values()].map((peer) => peer.stop()))
  }
}

/** Nobody always goes first. */
const rotated = <T>(items: readonly T[], by: number): readonly T[] =>
  items.map((_, i) => items[(i + by) % items.length] as T)

/** One number of each round, and its median. */
export const measured = <T>(
  outcomes: readonly Outcome<T>[] | undefined,
  pick: (round: T) => number,
): (Measured | Skipped)[] =>
  (outcomes ?? []).map((outcome) => {
    if ('skipped' in outcome) return outcome
    const rounds = outcome.rounds.map(pick)
    return { name: outcome.name, versions: outcome.versions, value: median(rounds), rounds }
  })
