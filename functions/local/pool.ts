/** Spare workers, their kernels already loaded, so that a model's first request waits for the model alone. */
import type { Worker } from './process.ts'

export interface WorkerPool {
  /** A warm worker if there is one, else a fresh one. */
  take(): Worker
  /** Ends the spares until the next `take`: nobody has asked for long. */
  rest(): void
  close(): void
}

/** Milliseconds after a `take` until the next spare starts, so that it does not slow the model that is loading. */
const pause = 1000

export const createWorkerPool = (spares: number, start: () => Worker): WorkerPool => {
  const warm = new Set<Worker>()
  let refill: NodeJS.Timeout | undefined
  let closed = false

  const fill = (): void => {
    while (!closed && warm.size < spares) {
      const worker = start()
      warm.add(worker)
      void worker.ended.then(() => warm.delete(worker))
    }
  }
  const rest = (): void => {
    clearTimeout(refill)
    for (const worker of warm) worker.kill()
    warm.clear()
  }
  fill()
  return {
    take: () => {
      const [worker = start()] = warm
      warm.delete(worker)
      clearTimeout(refill)
      refill = setTimeout(fill, pause)
      refill.unref()
      return worker
    },
    rest,
    close: () => {
      closed = true
      rest()
    },
  }
}
