/** One container's share of a transform job on Batch: the version in this process, the parts into the store, the exit code. */
import { transformKeys } from '@maas/core/contract'
import { messageOf } from '@maas/core/errors'
import { channelKey } from '@maas/core/jobs'
import { lazyKernels } from '@maas/core/kernels/sessions'
import { loadPredictor } from '@maas/core/predict'
import { createRegistry } from '@maas/core/registry'
import { type ObjectStore, openStore } from '@maas/core/store'
import { createTransforms } from '@maas/core/transform'
import { type Lane, openInputs, runTransform, storeSource, type TransformProgress } from '@maas/core/transform/work'
import { stoppedCode } from './container.ts'
import { readTransformEnvironment, type TransformEnvironment } from './environment.ts'

/** Milliseconds between two lines about progress. */
const tellEvery = 10_000

const say = (entry: object): void => console.log(JSON.stringify({ at: new Date().toISOString(), ...entry }))

/** Says how far it is, not more often than somebody reads. */
const progressLog = () => {
  let told = 0
  return (progress: TransformProgress): void => {
    if (performance.now() - told < tellEvery && told > 0) return
    told = performance.now()
    say({ event: 'progress', ...progress })
  }
}

const predictShare = async (
  store: ObjectStore,
  { jobName: job, storeUri, share }: TransformEnvironment,
  signal: AbortSignal,
): Promise<TransformProgress> => {
  const { request, model } = await createTransforms({ store, clock: () => Date.now() }).spec(job)
  const { DataSource, ContentType } = request.TransformInput
  const key = channelKey(DataSource.S3DataSource.S3Uri, storeUri, 'TransformInput')
  const { close, ...source } = await storeSource(store, key, signal)
  const registry = createRegistry(store)
  const open = async (): Promise<Lane> =>
    loadPredictor(registry, await registry.manifest(model.name, model.version), lazyKernels(), {
      announce: (message) => say({ event: 'notice', message }),
      tell: (message) => say({ event: 'notice', message }),
    })
  try {
    return await runTransform({
      store,
      job,
      share,
      signal,
      single: request.BatchStrategy === 'SingleRecord',
      inputs: await openInputs(source, ContentType, signal),
      lanes: async () => [await open()],
      mostFailed: request.MaxFailedInputs,
      onProgress: progressLog(),
    })
  } finally {
    await close()
  }
}

/** Resolves with the exit code: 0 only when all parts of the share lie in the store. Another attempt goes on behind them. */
export const runTransformJob = async (): Promise<number> => {
  const environment = readTransformEnvironment(process.env)
  const store = await openStore(environment.store)
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())
  try {
    say({ event: 'end', ...(await predictShare(store, environment, stopping.signal)) })
    return 0
  } catch (error) {
    if (stopping.signal.aborted) return stoppedCode
    say({ event: 'failure', message: messageOf(error) })
    const { failure } = transformKeys(environment.jobName)
    await store.put(failure, Buffer.from(messageOf(error))).catch((cause: unknown) => console.error(messageOf(cause)))
    return 1
  }
}
