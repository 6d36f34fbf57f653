/** The ModelHost of one process, as Lambda runs it: versions load on demand and the least recently used make room by bytes. */
import { formatReference, type ModelReference } from '@maas/core/contract'
import { NotReadyError } from '@maas/core/errors'
import type { KernelSource } from '@maas/core/kernels/sessions'
import type { Registry } from '@maas/core/registry'
import { LRUCache } from 'lru-cache'
import { onVersion } from './blame.ts'
import { loadPredictor } from './load.ts'
import { createLookup } from './lookup.ts'
import type { Predictor } from './predictor.ts'
import type { ModelHost } from './types.ts'
import { orUnavailable } from './unavailable.ts'

export interface InProcessHostOptions {
  readonly registry: Registry
  readonly kernels: KernelSource
  /** Memory for weights, bytes. */
  readonly modelBytes: number
  /** Milliseconds. */
  readonly clock: () => number
  readonly random: () => number
  /** @default `loadPredictor` */
  readonly load?: typeof loadPredictor
}

type Task<T> = (predictor: Predictor, load: number) => Promise<T> | T

/** A loaded version; it is disposed of when it was evicted and nobody uses it any more. */
interface Held {
  readonly predictor: Predictor
  users: number
  evicted: boolean
}

export const createInProcessHost = (options: InProcessHostOptions): ModelHost => {
  const { registry, kernels, modelBytes, clock, load = loadPredictor } = options
  const lookup = createLookup(registry, options)
  const loading = new Map<string, Promise<Held>>()
  const models = new LRUCache<string, Held>({
    maxSize: modelBytes,
    dispose: (held) => {
      held.evicted = true
      if (held.users === 0) held.predictor.dispose()
    },
  })

  const loadHeld = async (reference: Parameters<Registry['manifest']>): Promise<Held> => {
    const [name, version] = reference
    const predictor = await load(registry, await lookup.manifest({ name, version }), kernels)
    const held = { predictor, users: 0, evicted: false }
    const size = Math.max(1, predictor.model.bytes)
    if (size > modelBytes) {
      predictor.dispose()
      const [needed, allowed] = [size, modelBytes].map((bytes) => `${Math.ceil(bytes / 1024 / 1024)} MB`)
      const model = formatReference({ name, version })
      throw new NotReadyError(
        `${model} has ${needed} of weights; this function keeps ${allowed}. Give it more memory.`,
        {
          retryAfter: 60,
        },
      )
    }
    models.set(keyOf(name, version), held, { size })
    return held
  }

  /** Runs `task` on the version that `reference` means now; `load` is what the caller waited for it, milliseconds. */
  const using = <T>(reference: ModelReference, task: Task<T>): Promise<T> =>
    orUnavailable(reference, async () => {
      // What a name means is asked of the store too, and a cold caller waits for it.
      const started = clock()
      const { name, version } = await lookup.manifest(reference)
      return onVersion(version, () => usingVersion(name, version, started, task))
    })

  const usingVersion = async <T>(name: string, version: number, started: number, task: Task<T>): Promise<T> => {
    const key = keyOf(name, version)
    let held = models.get(key)
    const waited = held === undefined
    if (held === undefined) {
      const promise = loading.get(key) ?? loadHeld([name, version]).finally(() => loading.delete(key))
      loading.set(key, promise)
      held = await promise
    }
    const load = waited ? clock() - started : 0
    held.users++
    try {
      return await task(held.predictor, load)
    } finally {
      held.users--
      if (held.evicted && held.users === 0) held.predictor.dispose()
    }
  }

  return {
    describe: (reference) => using(reference, ({ model }) => model),
    predict: (reference, input, { signal } = {}) =>
      using(reference, async (predictor, load) => {
        signal?.throwIfAborted()
        const prediction = await predictor.predict(input)
        return load === 0 ? prediction : { ...prediction, timings: { load, ...prediction.timings } }
      }),
    versions: lookup.versions,
    shadow: lookup.shadow,
    loaded: () =>
      [...models.values()].map(({ predictor: { model } }) => ({ name: model.name, version: model.version })),
    close: async () => models.clear(),
  }
}

const keyOf = (name: string, version: number): string => `${name}:${version}`
