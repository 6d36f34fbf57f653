/** Asynchronous predictions on one machine: a bounded queue in the service's own process, taken up again after a restart. */
import { NotReadyError } from '@maas/core/errors'
import { createPredictions, type Predictions, type PredictionsDependencies } from '@maas/core/predictions'
import PQueue from 'p-queue'

export interface LocalPredictions {
  readonly predictions: Predictions
  /** Runs no more; what is under way is run again after the next start. */
  close(): Promise<void>
}

/** Predictions that run at once; each model's own queue orders them further. */
const concurrency = 4
const mostWaiting = 1000
/** Milliseconds before one is tried again whose model was not ready. */
const pause = 1000
/** Milliseconds between two looks for expired ones. */
const sweepEvery = 3600_000

/** `failed` hears of what went wrong on our side; the prediction is tried again after the next start. */
export const startPredictions = (
  dependencies: Omit<PredictionsDependencies, 'enqueue'> & {
    /** Deletes what else has expired. */
    readonly tidy: () => Promise<void>
  },
  failed: (error: unknown) => void,
): LocalPredictions => {
  const queue = new PQueue({ concurrency })
  const running = new Map<string, AbortController>()
  let closing = false

  const work = async (id: string): Promise<void> => {
    if (closing) return
    const controller = new AbortController()
    running.set(id, controller)
    try {
      if ((await predictions.run(id, controller.signal)) === 'again') later(id)
    } catch (error) {
      failed(error)
    } finally {
      running.delete(id)
    }
  }
  const later = (id: string): void => {
    setTimeout(() => void queue.add(() => work(id)), pause).unref()
  }
  const predictions = createPredictions({
    ...dependencies,
    enqueue: (id) => {
      if (queue.size >= mostWaiting)
        throw new NotReadyError(`${mostWaiting} predictions wait already. Try again in a second.`)
      void queue.add(() => work(id))
    },
  })
  const sweep = async (): Promise<void> => {
    await dependencies.tidy()
    const unfinished = await predictions.sweep()
    for (const id of unfinished) if (!running.has(id)) void queue.add(() => work(id))
  }
  const timer = setInterval(() => void sweep().catch(failed), sweepEvery)
  timer.unref()
  void sweep().catch(failed)

  return {
    predictions: {
      ...predictions,
      cancel: async (id, caller) => {
        const canceled = await predictions.cancel(id, caller)
        running.get(id)?.abort()
        return canceled
      },
    },
    close: async () => {
      closing = true
      clearInterval(timer)
      queue.clear()
      for (const controller of running.values()) controller.abort()
      await queue.onIdle()
    },
  }
}
