/** A version in several processes of its own, each asked for one batch at a time; one that dies is replaced. */
import { InvalidInputError } from '@maas/core/errors'
import type { PredictInput, Prediction, ServedModel } from '@maas/core/predict'
import { registryKeys } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import type { Lane } from '@maas/core/transform/work'
import { EndedError, startWorker, type Worker, type WorkerOptions } from './process.ts'

export interface LaneOptions extends Pick<WorkerOptions, 'program' | 'notice'> {
  /** Folder of the object store. */
  readonly root: string
  readonly name: string
  readonly version: number
  /** Processes at once. */
  readonly count: number
}

export interface Lanes {
  readonly lanes: readonly Lane[]
  close(): void
}

/** Milliseconds a load, and a batch, may take. */
const loadMs = 120_000
const batchMs = 300_000

/** One thread each: as many processes as cores do more than one that shares them, and give the same numbers however many there are. */
const threads = 1

export const startLanes = async ({ root, name, version, count, program, notice }: LaneOptions): Promise<Lanes> => {
  const alive = new Set<Worker>()
  let closed = false

  const begin = async (): Promise<{ worker: Worker; model: ServedModel }> => {
    // What an input does to a process is told in that input's line.
    const worker = startWorker({ program, notice, threads, crashed: () => {} })
    alive.add(worker)
    void worker.ended.then(() => alive.delete(worker))
    if (closed) worker.kill()
    const model = await worker.call({ type: 'load', root, name, version, threads }, loadMs)
    return { worker, model }
  }

  const laneOf = (first: { worker: Worker; model: ServedModel }): Lane => {
    let { worker } = first
    const once = async (input: PredictInput): Promise<Prediction> => {
      const answer = await worker.call({ type: 'predict', input }, batchMs)
      return { ...answer, model: first.model }
    }
    return {
      model: first.model,
      predict: async (input) => {
        try {
          return await once(input)
        } catch (error) {
          if (!(error instanceof EndedError) || closed) throw error
        }
        // It may have been unlucky: killed from outside, or short of memory.
        worker = (await begin()).worker
        try {
          return await once(input)
        } catch (error) {
          if (!(error instanceof EndedError) || closed) throw error
          worker = (await begin()).worker
          throw new InvalidInputError(`It ended the model's process twice: ${error.message.split('.')[0]}.`, {
            cause: error,
          })
        }
      },
    }
  }

  /** What is stored of the version beside its own files. */
  const compiled = async (): Promise<string> => {
    const { objects } = await createFileStore(root).list(registryKeys.derivedPrefix(name, version))
    return objects.map(({ key, etag }) => `${key} ${etag}`).join()
  }

  const close = (): void => {
    closed = true
    for (const worker of alive) worker.kill()
  }
  try {
    // The first may have to compile the version. Then it makes room for one that finds what was stored, as the others
    // do: the same inputs give the same bits in every run only on the same graph.
    const before = await compiled()
    let first = await begin()
    if ((await compiled()) !== before) {
      first.worker.kill()
      first = await begin()
    }
    const others = await Promise.all(Array.from({ length: count - 1 }, begin))
    return { lanes: [first, ...others].map(laneOf), close }
  } catch (error) {
    close()
    throw error
  }
}
