/** Runs rival tasks over one store step by step, in an order drawn from a seed; a task may die after some steps. */
import type { ObjectStore } from '@maas/core/store'

export interface Rival {
  readonly name: string
  /** Steps after which it is killed; undefined: it lives. */
  readonly diesAfter?: number
  run(store: ObjectStore, sleep: () => Promise<void>): Promise<unknown>
}

export type Outcome = 'done' | 'died' | Error

/** Small, quick and good enough to shuffle (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const MAX_STEPS = 5000

/** Outcome of each rival by name. Every call of the store and every sleep is one step. */
export const runRivals = async (
  store: ObjectStore,
  rivals: readonly Rival[],
  random: () => number,
): Promise<Readonly<Record<string, Outcome>>> => {
  /** Steps that could be taken now, by rival. */
  const waiting = new Map<Rival, (() => void)[]>(rivals.map((rival) => [rival, []]))
  // Races need one rival to stand still while another gets far, which drawing each step evenly hardly ever gives.
  const stickiness = random() < 0.5 ? 0.5 : 0.93
  let last: Rival | undefined
  const outcomes: Record<string, Outcome> = {}

  const start = (rival: Rival): void => {
    let steps = 0
    const turn = async (): Promise<void> => {
      if (steps++ === rival.diesAfter) {
        outcomes[rival.name] = 'died'
        await new Promise(() => {})
      }
      await new Promise<void>((resolve) => waiting.get(rival)?.push(resolve))
    }
    const stepped = new Proxy(store, {
      get(target, property) {
        const method = Reflect.get(target, property)
        return async (...args: unknown[]) => {
          await turn()
          return method.apply(target, args)
        }
      },
    })
    void rival.run(stepped, turn).then(
      () => {
        outcomes[rival.name] = 'done'
      },
      (error) => {
        outcomes[rival.name] = error
      },
    )
  }

  rivals.forEach(start)
  for (let step = 0; Object.keys(outcomes).length < rivals.length; step++) {
    if (step > MAX_STEPS) throw new Error(`no end after ${MAX_STEPS} steps`)
    // All promises of this process that can go on do so before the next step is drawn.
    await new Promise((resolve) => setImmediate(resolve))
    const ready = rivals.filter((rival) => waiting.get(rival)?.length)
    const sticks = last !== undefined && ready.includes(last) && random() < stickiness
    last = sticks ? last : ready[Math.floor(random() * ready.length)]
    const steps = (last && waiting.get(last)) ?? []
    steps.splice(Math.floor(random() * steps.length), 1)[0]?.()
  }
  return outcomes
}
