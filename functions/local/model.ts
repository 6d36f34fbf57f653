/** One version in a process of its own: a bounded queue in front, a fresh process after a crash, an end without losing requests. */
import { MaasError, NotReadyError } from '@maas/core/errors'
import type { PredictInput, Prediction, PredictOptions, ServedModel } from '@maas/core/predict'
import { EndedError, type Worker } from './process.ts'
import { createTurns } from './turns.ts'

export interface ModelOptions {
  readonly root: string
  readonly name: string
  readonly version: number
  readonly take: () => Worker
  /** Threads its process may use. @default all of the machine */
  readonly threads?: number | undefined
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly limits: ModelLimits
}

export interface ModelLimits {
  /** Requests that may wait for one model. */
  readonly queued: number
  /** Bytes of input that may wait for one model. */
  readonly queuedBytes: number
  /** Milliseconds a request may wait for its turn. */
  readonly waitMs: number
  /** Milliseconds a load may take. */
  readonly loadMs: number
  /** Milliseconds a prediction may take. */
  readonly predictMs: number
}

export const defaultModelLimits: ModelLimits = {
  queued: 256,
  queuedBytes: 256 * 1024 * 1024,
  waitMs: 30_000,
  loadMs: 120_000,
  predictMs: 60_000,
}

export interface ModelProcess {
  describe(): Promise<ServedModel>
  predict(input: PredictInput, options?: PredictOptions): Promise<Prediction>
  /** Whether it is in memory now. */
  loaded(): boolean
  /** Milliseconds since the last answer; 0 while somebody waits for one. */
  idle(): number
  /** Ends the process at once; whoever waits gets a NotReadyError. */
  kill(): void
  /** Answers what was asked, then ends the process. */
  retire(): Promise<void>
}

/** Sent at once: what waits in the process while it is busy runs as one batch. */
export const inFlight = 32
/** After this many crashes within `crashWindow` ms, starts are `pause` ms apart: a model that always crashes must not eat the machine. */
const crashLimit = 3
const crashWindow = 30_000
const pause = 5000

interface Loaded {
  readonly worker: Worker
  readonly model: ServedModel
  /** What the caller waited for it, milliseconds. */
  readonly load: number | undefined
}

interface Started {
  readonly worker: Worker
  readonly model: Promise<ServedModel>
  loaded: Loaded | undefined
}

export const createModelProcess = ({
  root,
  name,
  version,
  take,
  threads,
  clock,
  limits,
}: ModelOptions): ModelProcess => {
  const label = `${name}:${version}`
  const patience = {
    ms: limits.waitMs,
    late: () =>
      new NotReadyError(
        `${label} is busy: this request waited ${limits.waitMs / 1000} s for its turn. Try again in a second.`,
      ),
  }
  const queue = createTurns(inFlight, patience)
  /** Requests whose process ended, each tried once more with no other beside it, so that only who ends it fails. */
  const suspects = createTurns(1, patience)
  let held = 0
  let asked = 0
  let quietSince = clock()
  let waitingBytes = 0
  let current: Started | undefined
  let crashes: number[] = []
  let refused: { readonly error: unknown; readonly at: number } | undefined
  let over = false

  const start = (): Started => {
    if (over) throw new NotReadyError(`${label} was just unloaded. Try again.`)
    if (refused !== undefined && clock() - refused.at < pause) throw refused.error
    crashes = crashes.filter((at) => clock() - at < crashWindow)
    const wait = crashes.length < crashLimit ? 0 : (crashes.at(-1) ?? 0) + pause - clock()
    if (wait > 0) {
      throw new NotReadyError(
        `The process of ${label} has ended ${crashes.length} times in ${crashWindow / 1000} s; the next one starts in ${Math.ceil(wait / 1000)} s.`,
        { retryAfter: wait / 1000 },
      )
    }
    const worker = take()
    const model = worker.call({ type: 'load', root, name, version, threads }, limits.loadMs)
    const started: Started = { worker, model, loaded: undefined }
    current = started
    model.then(
      (served) => {
        started.loaded = { worker, model: served, load: undefined }
      },
      (error: unknown) => {
        // A process that died may have been unlucky; a version that does not load will not load a moment later either.
        if (!(error instanceof MaasError && error.code === 'not_ready')) refused = { error, at: clock() }
        worker.kill()
      },
    )
    void worker.ended.then(() => {
      if (current !== started) return
      current = undefined
      crashes.push(clock())
    })
    return started
  }

  const run = async (input: PredictInput, options: PredictOptions): Promise<Prediction> => {
    try {
      return await runOn(current?.loaded ?? (await ready()), input)
    } catch (error) {
      if (!(error instanceof EndedError)) throw error
      queue.hold()
      held++
      try {
        return await suspects.add(() => runAlone(input, options.signal))
      } finally {
        held--
        if (held === 0) queue.go()
      }
    }
  }

  const runAlone = async (input: PredictInput, signal: AbortSignal | undefined): Promise<Prediction> => {
    signal?.throwIfAborted()
    // A process that ends before it is loaded was not ended by this request, which may then be sent again.
    const loaded = await ready()
    try {
      return await runOn(loaded, input)
    } catch (error) {
      if (!(error instanceof EndedError)) throw error
      throw new MaasError('internal', `A request ended the process of ${label} twice, the second time alone.`, {
        cause: error,
      })
    }
  }

  const ready = async (): Promise<Loaded> => {
    const began = clock()
    const started = current ?? start()
    if (started.loaded !== undefined) return started.loaded
    return { worker: started.worker, model: await started.model, load: clock() - began }
  }

  const runOn = async ({ worker, model, load }: Loaded, input: PredictInput): Promise<Prediction> => {
    const { outputs, timings } = await worker.call({ type: 'predict', input }, limits.predictMs)
    return { model, outputs, timings: load === undefined ? timings : { ...timings, load } }
  }

  const busy = async <T>(answer: () => Promise<T>): Promise<T> => {
    asked++
    try {
      return await answer()
    } finally {
      asked--
      quietSince = clock()
    }
  }

  const enqueue = async (input: PredictInput, options: PredictOptions): Promise<Prediction> => {
    const bytes = bytesOf(input)
    if (queue.waiting >= limits.queued || waitingBytes + bytes > limits.queuedBytes) {
      throw new NotReadyError(`${label} is busy: ${queue.waiting} requests wait for it. Try again in a second.`)
    }
    waitingBytes += bytes
    try {
      // Only who waits can be left out: what has gone to the process is run.
      return await queue.add(() => run(input, options), queue.full ? options.signal : undefined)
    } catch (error) {
      if (options.signal?.aborted) throw new MaasError('canceled', 'The caller went away.', { cause: error })
      throw error
    } finally {
      waitingBytes -= bytes
    }
  }

  return {
    describe: () => busy(async () => (current ?? start()).model),
    loaded: () => current?.loaded !== undefined,
    idle: () => (asked > 0 ? 0 : clock() - quietSince),
    predict: (input, options = {}) => busy(() => enqueue(input, options)),
    kill: () => current?.worker.kill(),
    retire: async () => {
      await current?.model.catch(() => {})
      await queue.idle()
      over = true
      const ending = current?.worker
      current = undefined
      ending?.kill()
      await ending?.ended
    },
  }
}

const bytesOf = (input: PredictInput): number => {
  if (input.kind === 'plain') return input.body.length
  if (input.kind === 'images') return input.images.reduce((sum, { byteLength }) => sum + byteLength, 0)
  // Rows and texts are small against their JSON, which was bounded by the body limit.
  if (input.kind === 'rows') return input.rows.length * 1024
  return Object.values(input.tensors).reduce((sum, { data }) => sum + ('byteLength' in data ? data.byteLength : 0), 0)
}
