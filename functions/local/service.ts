/** The whole service on one machine: both apps behind one port, files for the store, child processes for the models. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiHandlers } from '@maas/api'
import {
  limits as defaultLimits,
  errorReply,
  type RollbackRule,
  localJobSettings as settings,
} from '@maas/core/contract'
import { messageOf, NotReadyError } from '@maas/core/errors'
import {
  admitted,
  createApp,
  type Limits,
  type Log,
  type LogEntry,
  nodeListener,
  type RequestHead,
} from '@maas/core/http'
import { createJobs } from '@maas/core/jobs'
import { createAccess, createCounter, createObjectKeys, findByHeader } from '@maas/core/keys'
import { createUploadedImages } from '@maas/core/predict'
import { createDelivery, createWebhooks } from '@maas/core/predictions'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { createTransforms } from '@maas/core/transform'
import { createShadows, createStatistics, predictHandlers } from '@maas/predict'
import { createLocalImports } from './checks.ts'
import { fewFullCollections } from './garbage.ts'
import { createGuard, isLoopback } from './guard.ts'
import { createProcessHost } from './host.ts'
import { startJobProcess } from './job-process.ts'
import { usableMemory } from './memory.ts'
import { createMetrics } from './metrics.ts'
import { defaultModelLimits, type ModelLimits } from './model.ts'
import { localAssets } from './playground.ts'
import { createWorkerPool } from './pool.ts'
import { startPredictions } from './predictions.ts'
import { startWorker, workerProgram } from './process.ts'
import { watchRollback } from './rollback.ts'
import { createLocalRunner } from './runner.ts'
import { createServer, drain, listen, webListener } from './server.ts'
import { createLocalTransforms } from './transforms.ts'

export interface ServiceOptions {
  /** Folder of the object store; it need not exist yet. */
  readonly root: string
  /** 0 takes a free one. @default 8501, TensorFlow Serving's */
  readonly port?: number
  /** Address to listen on. @default 127.0.0.1 */
  readonly host?: string
  /** Further names that clients may call this service by. @default none */
  readonly allowedHosts?: readonly string[]
  /** One line of JSON per request on standard error. Failures of the service are always written. @default false */
  readonly verbose?: boolean
  /** Whether callers need a key. @default only when it listens on more than loopback */
  readonly keys?: boolean
  /** Receives log entries in place of standard error. */
  readonly log?: Log
  /** Memory for models, bytes. @default half of what this process may use */
  readonly modelBytes?: number
  /** Seconds without a request after which a model's process ends. @default 600 */
  readonly idleSeconds?: number
  /** Warm processes that wait for the next model. @default 1 */
  readonly spares?: number
  /** Threads of one operation in a model's process. @default all cores */
  readonly threads?: number
  /** Secrets that webhooks are signed with, newest first. @default none: webhooks are refused */
  readonly webhookSecrets?: readonly string[]
  /** Private addresses that webhooks may go to nevertheless. @default none */
  readonly webhookAddresses?: readonly string[]
  readonly limits?: Partial<Limits>
  readonly modelLimits?: Partial<ModelLimits>
  /** Training jobs at once, and how many more may wait. @default 1 and 20 */
  readonly jobs?: { readonly concurrency?: number; readonly queued?: number }
  /** Moves that are taken back when the model then fails or slows down. @default none */
  readonly rollback?: readonly RollbackRule[]
  /** Seconds a caller may take to send a request. @default 30 */
  readonly requestSeconds?: number
  /** Seconds that open requests get to finish when the service closes. @default 10 */
  readonly drainSeconds?: number
}

export interface Service {
  readonly url: string
  readonly port: number
  /** Stops accepting, lets open requests finish, ends all processes. */
  close(): Promise<void>
}

export const startService = async (options: ServiceOptions): Promise<Service> => {
  // Its own heap is three times a model's, and memory counts as much as time.
  fewFullCollections(150)
  const { host = '127.0.0.1', port = 8501, spares = 1, threads, idleSeconds = 600 } = options
  const { requestSeconds = 30, drainSeconds = 10, modelBytes = usableMemory() / 2 } = options
  const root = resolve(options.root)
  const written = options.log ?? toStandardError(options.verbose ?? false)
  const metrics = createMetrics(() => models.loaded())
  const log: Log = (entry) => {
    metrics.log(entry)
    written(entry)
    watch(entry)
  }
  const clock = () => performance.timeOrigin + performance.now()
  const limits = { ...defaultLimits, ...options.limits }
  const store = createFileStore(root)
  const registry = createRegistry(store)
  const allowedAddresses = options.webhookAddresses ?? []
  const watch = watchRollback({ registry, rules: options.rollback ?? [], clock, say: (text) => say(text) })
  const jobs = createJobs({ store, storeUri: settings.storeUri, clock })
  const guard = createGuard(host, options.allowedHosts ?? [])
  const keys = createObjectKeys(store)
  const counter = createCounter({ store: keys, clock, random: Math.random, sleep })
  const isGuarded = options.keys ?? !isLoopback(host)
  const access = isGuarded ? createAccess({ counter, find: findByHeader(keys, clock), clock }) : undefined

  let closing = false
  const admit = (request: RequestHead): void => {
    if (closing) throw new NotReadyError('The service is closing.')
    guard(request)
  }
  const say = (text: string) => log({ level: 'error', at: new Date(clock()).toISOString(), message: text })
  const notice = once(say)
  const program = await workerProgram(notice)
  const server = createServer({ requestSeconds, listener: (incoming, outgoing) => answer(incoming, outgoing) })
  const listening = await listen(server, host, port)

  const worker = { program, notice, crashed: say, ...(threads !== undefined && { threads }) }
  const pool = createWorkerPool(spares, () => startWorker(worker))
  const modelLimits = { ...defaultModelLimits, ...options.modelLimits }
  const models = createProcessHost({
    root,
    registry,
    pool,
    modelBytes,
    threads,
    clock,
    limits: modelLimits,
    idleMs: idleSeconds * 1000,
    random: Math.random,
  })
  const uploads = createUploadedImages({ store, clock })
  const { predictions, close: closePredictions } = startPredictions(
    {
      store,
      answer: (request, caller) => inner.fetch(request, { caller }),
      charge: access?.charge,
      tidy: uploads.sweep,
      webhooks: createWebhooks({
        secrets: options.webhookSecrets ?? [],
        clock,
        sleep,
        allowedAddresses,
        deliver: createDelivery({ allowedAddresses }),
      }),
      clock,
      ids: randomUUID,
      sleep,
    },
    (error) => say(`An asynchronous prediction could not be run: ${messageOf(error)}`),
  )
  const predicting = {
    host: models,
    models: registry.models,
    limits,
    clock,
    statistics: createStatistics(clock),
    shadows: createShadows(models),
    uploads,
  }
  const inner = createApp(predictHandlers(predicting), { log, limits, clock, ids: randomUUID, access: admitted })
  const local = createLocalImports({ store, registry, clock, secret: randomBytes(32), ids: randomUUID, say })
  const background = async (id: string): Promise<void> => {
    await local.check(id).catch((error: unknown) => say(`Import ${id}: ${messageOf(error)}`))
    // Who brings one model often brings the next one soon.
    local.prepare()
  }
  const { verify, ensureReplayed } = local
  const imports = {
    uploads: local.uploads,
    imports: local.imports,
    announced: local.prepare,
    ready: (id: string) => void background(id),
    verify,
    ensureReplayed,
  }
  const runner = createLocalRunner({
    root,
    store,
    registry,
    jobs,
    settings,
    clock,
    sleep: pause,
    notice: say,
    launch: (job) => startJobProcess(job, notice),
    concurrency: 1,
    queued: 20,
    ...options.jobs,
  })
  const transforms = createTransforms({ store, clock })
  const transformer = createLocalTransforms({ root, store, transforms, program, notice: say, clock })
  const follow = { lookMs: 500, sleep: pause, clock }
  const handlers = {
    ...predictHandlers({ ...predicting, predictions }),
    ...apiHandlers({
      registry,
      imports,
      assets: localAssets(),
      keys,
      clock,
      randomBytes,
      training: { jobs, runner, settings, follow, clock },
      transforming: { transforms, runner: transformer, settings, clock },
    }),
    metrics: metrics.handler,
  }
  const app = createApp(handlers, { log, limits, clock, ids: randomUUID, admit, ...(access && { access }) })
  /** Parts of uploads come to addresses that are signed, not routed, and stream to disk whatever their size. */
  const receive = async (request: Request): Promise<Response> => {
    try {
      admit(request)
      await local.files.receive(request)
      return new Response(null)
    } catch (error) {
      const { status, headers, body } = errorReply(error, 'control', randomUUID())
      if (status === 500) say(`An upload failed: ${messageOf(error)}`)
      return Response.json(body, { status, headers })
    }
  }
  const [routed, received] = [nodeListener(app), webListener(receive)]
  const answer: RequestListener = (incoming, outgoing) =>
    (local.files.isOurs(incoming.url ?? '') ? received : routed)(incoming, outgoing)
  await local.resume()
  void local.sweep().catch((error: unknown) => say(`Certificates were not replayed: ${messageOf(error)}`))

  void runner
    .recover()
    .catch((error: unknown) => say(`unfinished training jobs could not be looked up: ${messageOf(error)}`))
  void transformer
    .recover()
    .catch((error: unknown) => say(`unfinished transform jobs could not be looked up: ${messageOf(error)}`))

  let closed: Promise<void> | undefined
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${listening}`,
    port: listening,
    close: () => {
      closing = true
      closed ??= Promise.all([drain(server, drainSeconds), runner.close(), transformer.close()])
        .then(closePredictions)
        .then(() => local.close())
        .then(() => models.close())
      return closed
    },
  }
}

/** Ends early, without an error, when the signal fires. */
const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  sleep(ms, undefined, signal && { signal }).catch(() => undefined)

/** Verbose: every entry as a line of JSON. Else only what went wrong, in plain words. */
const toStandardError =
  (verbose: boolean): Log =>
  (entry) => {
    if (verbose) process.stderr.write(`${JSON.stringify(entry)}\n`)
    else if (entry.level === 'error') process.stderr.write(`${entry.message}${requestOf(entry)}\n`)
  }

const requestOf = ({ request_id: id }: LogEntry): string => (typeof id === 'string' ? ` (request ${id})` : '')

/** Every worker says the same about this machine; a person reads it once. */
const once = (say: (text: string) => void): ((text: string) => void) => {
  const said = new Set<string>()
  return (text) => {
    if (!said.has(text)) say(text)
    said.add(text)
  }
}
