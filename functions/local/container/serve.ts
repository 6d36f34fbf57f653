/** The container that serves one model: vetted when it starts, run in a process of its own, asked in the words of SageMaker, the Open Inference Protocol or TensorFlow Serving. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunChild } from '@maas/check'
import { containerRoutes, limits as defaultLimits, routes } from '@maas/core/contract'
import { NotReadyError } from '@maas/core/errors'
import { createApp, type Handler, type Handlers, type Log, nodeListener, type RequestHead } from '@maas/core/http'
import type { ModelHost } from '@maas/core/predict'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { predictHandlers } from '@maas/predict'
import { createProcessHost } from '../host.ts'
import { usableMemory } from '../memory.ts'
import { defaultModelLimits } from '../model.ts'
import { createWorkerPool } from '../pool.ts'
import { type Program, startWorker } from '../process.ts'
import { createServer, drain, listen } from '../server.ts'
import type { Environment } from './environment.ts'
import { registerFolder } from './register.ts'

export interface ContainerOptions extends Environment {
  /** Folder for work under way: it takes the model's files once more. */
  readonly temporary: string
  /** Vets the model. */
  readonly run: RunChild
  /** Of the model's process. */
  readonly worker: Program
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export interface Container {
  readonly port: number
  /** Resolves when the model answers; rejects with the reason why it never will. */
  readonly ready: Promise<void>
  /** Stops accepting, lets open requests finish, ends the model's process. */
  close(): Promise<void>
}

/** Rows of one request: batch transform sends as many lines as fit into a body. */
const batchRows = 16_384
/** SageMaker gives a ping two seconds. */
const pingMs = 1500
const drainSeconds = 20

/** Whoever asks these while the model loads wants to know just that. */
const early = new Set(['/ping', '/v2/health/live', '/healthz'])

export const startContainer = async (options: ContainerOptions): Promise<Container> => {
  const { name, log, clock, worker: program } = options
  const folder = await mkdtemp(join(options.temporary, 'maas-serve-'))
  const root = join(folder, 'store')
  const registry = createRegistry(createFileStore(root))
  const limits = { ...defaultLimits, bodyBytes: options.bodyBytes, batchRows }
  const notice = (message: string) => log({ level: 'info', at: new Date(clock()).toISOString(), message })
  const crashed = (message: string) => log({ level: 'error', at: new Date(clock()).toISOString(), message })
  const host = createProcessHost({
    root,
    registry,
    modelBytes: usableMemory(),
    idleMs: Number.POSITIVE_INFINITY,
    clock,
    random: Math.random,
    limits: defaultModelLimits,
    pool: createWorkerPool(0, () => startWorker({ program, notice, crashed })),
  })
  let isReady = false
  const admit = (request: RequestHead): void => {
    if (!isReady && !early.has(new URL(request.url).pathname)) throw stillLoading()
  }
  const predicting = predictHandlers({ host, models: registry.models, limits, clock })
  const handlers: Handlers = {
    ...predicting,
    ping: pingHandler(name, host, () => isReady),
    // An endpoint of one model.
    invocations: (call) => predicting.invokeEndpoint({ ...call, params: { endpoint: name } }),
  }
  const app = createApp(handlers, {
    log,
    limits,
    clock,
    ids: randomUUID,
    admit,
    routes: [...containerRoutes, ...routes],
  })
  const server = createServer({ requestSeconds: 60, listener: nodeListener(app) })
  const port = await listen(server, '0.0.0.0', options.port)

  const load = async (): Promise<void> => {
    notice(await registerFolder(options, registry))
    await host.describe({ name })
    isReady = true
  }
  const ready = load()
  // Whoever closes before may never ask.
  ready.catch(() => {})
  let closed: Promise<void> | undefined
  return {
    port,
    ready,
    close: () => {
      closed ??= drain(server, drainSeconds)
        .then(() => host.close())
        .then(() => rm(folder, { recursive: true, force: true }))
      return closed
    },
  }
}

const stillLoading = (): NotReadyError => new NotReadyError('The model is being loaded.', { retryAfter: 1 })

const pingHandler =
  (name: string, host: ModelHost, isReady: () => boolean): Handler =>
  async () => {
    if (!isReady()) throw stillLoading()
    // Starts the model's process again if it has ended.
    const answered = host.describe({ name }).then(() => true)
    if (!(await Promise.race([answered, sleep(pingMs, false)]))) throw stillLoading()
    return { json: { status: 'ok' } }
  }
