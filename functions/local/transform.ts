/** One transform job on this machine: its inputs opened, its version in as many processes as there are cores, its parts written, joined. */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { localJobSettings, type TransformContentType, type TransformSpec } from '@maas/core/contract'
import type { ObjectStore } from '@maas/core/store'
import type { Transforms } from '@maas/core/transform'
import {
  openInputs,
  pathSource,
  runTransform,
  storeSource,
  type TransformInputs,
  type TransformProgress,
} from '@maas/core/transform/work'
import { type Lanes, startLanes } from './lanes.ts'
import type { Program } from './process.ts'

export interface LocalTransformOptions {
  /** Folder of the object store. */
  readonly root: string
  readonly store: ObjectStore
  readonly transforms: Transforms
  readonly program: Program
  /** What a person should read once, such as a fallback. */
  readonly notice: (text: string) => void
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Processes at once. @default one a core, at most eight */
  readonly workers?: number | undefined
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TransformProgress) => void
}

/** Each process holds some 200 MB beside its weights. */
const mostWorkers = 8

export interface OpenedInputs {
  readonly inputs: TransformInputs
  /** Removes what was fetched. */
  close(): Promise<void>
}

/** `file:///folder` is a path of this machine, which only the command line names; everything else lies in the store. */
export const openLocalInputs = async (
  address: string,
  contentType: TransformContentType | undefined,
  { store, signal }: { readonly store: ObjectStore; readonly signal?: AbortSignal | undefined },
): Promise<OpenedInputs> => {
  const { close, ...source } = address.startsWith('file://')
    ? { ...(await pathSource(fileURLToPath(address), signal)), close: async () => {} }
    : await storeSource(store, address.slice(localJobSettings.storeUri.length + 1), signal)
  try {
    return { inputs: await openInputs(source, contentType, signal), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Resolves when the job is completed. What was finished by an earlier run is not done again. */
export const runLocalTransform = async (
  { request, model }: TransformSpec,
  inputs: TransformInputs,
  options: LocalTransformOptions,
): Promise<TransformProgress> => {
  const { root, store, transforms, program, notice, clock, signal, onProgress } = options
  const { workers = Math.min(mostWorkers, availableParallelism()) } = options
  const job = request.TransformJobName
  const startedAt = new Date(clock()).toISOString()
  await transforms.change(job, (record) => (record.startedAt === undefined ? { startedAt } : undefined))
  let lanes: Lanes | undefined
  const end = (): void => lanes?.close()
  signal?.addEventListener('abort', end)
  try {
    const done = await runTransform({
      store,
      job,
      inputs,
      single: request.BatchStrategy === 'SingleRecord',
      lanes: async () => {
        lanes = await startLanes({ root, ...model, program, notice, count: workers })
        return lanes.lanes
      },
      mostFailed: request.MaxFailedInputs,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    })
    await transforms.finish(job)
    return done
  } finally {
    signal?.removeEventListener('abort', end)
    end()
  }
}
