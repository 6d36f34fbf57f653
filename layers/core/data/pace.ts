/** Keeps long loops polite: the event loop gets a turn every few milliseconds, a stop is obeyed, progress is told a few times a second. */
import { setImmediate } from 'node:timers/promises'
import { MaasError } from '../errors.ts'

/** `total` is absent while it is unknown. */
export type OnProgress = (done: number, total?: number, message?: string) => void

export interface Pace {
  /** Call it between small pieces of work. Throws `canceled` once the signal is aborted. */
  breathe(done?: number, total?: number): Promise<void> | undefined
}

const sliceMilliseconds = 8
const progressMilliseconds = 100

export function createPace(options: {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}): Pace {
  let yielded = performance.now()
  let told = 0
  return {
    breathe(done, total) {
      checkCanceled(options.signal)
      const now = performance.now()
      if (done !== undefined && now - told >= progressMilliseconds) {
        told = now
        options.onProgress?.(done, total)
      }
      if (now - yielded < sliceMilliseconds) return undefined
      return setImmediate().then(() => {
        yielded = performance.now()
      })
    },
  }
}

export function checkCanceled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new MaasError('canceled', 'Reading the data was stopped.', { cause: signal.reason })
}
