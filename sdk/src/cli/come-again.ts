/** A service that replays a certificate before it moves an alias says when to come again; the command line does so by itself. */
import { setTimeout as pause } from 'node:timers/promises'
import { ConflictError } from '../errors.ts'

/** More than any replay takes. */
const LONGEST_MS = 15 * 60_000

export interface ComeAgainDeps {
  readonly sleep?: (ms: number) => Promise<unknown>
  /** Milliseconds. */
  readonly clock?: () => number
  /** Told once, before the first wait. */
  readonly tell: (text: string) => void
}

export const comeAgain = async <T>(
  change: () => Promise<T>,
  { sleep = pause, clock = Date.now, tell }: ComeAgainDeps,
): Promise<T> => {
  const end = clock() + LONGEST_MS
  for (let first = true; ; first = false) {
    try {
      return await change()
    } catch (error) {
      const seconds = error instanceof ConflictError ? error.retryAfter : undefined
      if (seconds === undefined || clock() + seconds * 1000 > end) throw error
      if (first)
        tell('The service replays the certificate of that version first. Waiting; Ctrl-C leaves the alias as it is.')
      await sleep(seconds * 1000)
    }
  }
}
