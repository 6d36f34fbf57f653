/** The local ModelHost: versions load on demand, each in its own process, and the least recently used make room by bytes. */
import { type Manifest, type ModelReference, weightBytesOf } from '@maas/core/contract'
import { NotReadyError } from '@maas/core/errors'
import { createLookup, type ModelHost, onVersion, orUnavailable } from '@maas/core/predict'
import type { Registry } from '@maas/core/registry'
import { LRUCache } from 'lru-cache'
import { createModelProcess, type ModelLimits, type ModelProcess } from './model.ts'
import type { WorkerPool } from './pool.ts'

export interface HostOptions {
  readonly root: string
  readonly registry: Registry
  readonly pool: WorkerPool
  /** Memory for models, bytes; each counts its weights and `processBytes`. */
  readonly modelBytes: number
  /** Milliseconds without a request after which a model's process ends. */
  readonly idleMs: number
  readonly limits: ModelLimits
  /** Threads of a model's process. @default all of the machine */
  readonly threads?: number | undefined
  readonly clock: () => number
  readonly random: () => number
}

/** What a worker holds beside its weights: 180 MB measured after 500 requests, without the pages it shares with others. */
export const processBytes = 200 * 1024 * 1024

/** Versions that were evicted but still answer; more than this at once means the budget is too small for the traffic. */
const mostRetiring = 4

export const createProcessHost = (options: HostOptions): ModelHost => {
  const { root, registry, pool, modelBytes, idleMs, limits, threads, clock } = options
  const lookup = createLookup(registry, options)
  /** All with a process: those in the cache, and those that were evicted and still answer. */
  const alive = new Map<ModelProcess, Promise<void> | undefined>()
  const models = new LRUCache<string, ModelProcess>({
    maxSize: modelBytes,
    dispose: (model) => {
      alive.set(
        model,
        model.retire().finally(() => alive.delete(model)),
      )
    },
  })
  let lastUse = clock()
  const sweep = setInterval(
    () => {
      for (const [key, model] of models) if (model.idle() > idleMs) models.delete(key)
      if (clock() - lastUse > idleMs) pool.rest()
    },
    Math.min(idleMs, 5000),
  )
  sweep.unref()

  const using = <T>(reference: ModelReference, task: (model: ModelProcess) => Promise<T>): Promise<T> =>
    orUnavailable(reference, async () => {
      lastUse = clock()
      const known = lookup.manifest(reference)
      const manifest = known instanceof Promise ? await known : known
      return onVersion(manifest.version, () => task(find(manifest)))
    })

  const find = (manifest: Manifest): ModelProcess => {
    const { name, version } = manifest
    const key = keyOf({ name, version })
    const known = models.get(key)
    if (known !== undefined) return known
    const size = weightBytesOf(manifest) * 2 + processBytes
    if (size > modelBytes) {
      throw new NotReadyError(
        `${key} needs about ${megabytes(size)}; all models together may take ${megabytes(modelBytes)}. Start the service with more.`,
        { retryAfter: 60 },
      )
    }
    const retiring = alive.size - models.size
    if (retiring >= mostRetiring) {
      throw new NotReadyError(`${retiring} models are being unloaded to make room. Try again in a second.`)
    }
    const model = createModelProcess({ root, name, version, take: pool.take, threads, clock, limits })
    alive.set(model, undefined)
    models.set(key, model, { size })
    return model
  }

  return {
    describe: (reference) => using(reference, (model) => model.describe()),
    predict: (reference, input, predictOptions) => using(reference, (model) => model.predict(input, predictOptions)),
    versions: lookup.versions,
    shadow: lookup.shadow,
    loaded: () => [...models.entries()].filter(([, model]) => model.loaded()).map(([key]) => parseKey(key)),
    close: async () => {
      clearInterval(sweep)
      pool.close()
      models.clear()
      const ends = [...alive].map(([model, end]) => {
        model.kill()
        return end
      })
      await Promise.all(ends)
    },
  }
}

const keyOf = ({ name, version }: { readonly name: string; readonly version: number }): string => `${name}:${version}`

const parseKey = (key: string): { name: string; version: number } => {
  const [name = '', version] = key.split(':')
  return { name, version: Number(version) }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MB`
