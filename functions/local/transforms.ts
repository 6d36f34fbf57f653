/** Transform jobs of a service on one machine: one at a time, taken up again after a restart. */
import { localJobSettings } from '@maas/core/contract'
import { MaasError, messageOf } from '@maas/core/errors'
import type { TransformRunner } from '@maas/core/transform'
import PQueue from 'p-queue'
import { admitTo } from './admission.ts'
import { type LocalTransformOptions, openLocalInputs, runLocalTransform } from './transform.ts'

export interface LocalTransforms extends TransformRunner {
  /** Takes on again what an earlier service left unfinished. */
  recover(): Promise<void>
  /** Ends what runs; the next service goes on behind the parts that are finished. */
  close(): Promise<void>
}

/** Jobs that may wait. */
const mostWaiting = 20

export const createLocalTransforms = (
  options: Omit<LocalTransformOptions, 'signal' | 'onProgress'>,
): LocalTransforms => {
  const { transforms, clock, notice } = options
  const queue = new PQueue({ concurrency: 1 })
  const taken = new Map<string, AbortController>()
  const begun = new Set<string>()
  let closing = false

  const end = (name: string, outcome: 'Failed' | 'Stopped', reason?: string) =>
    transforms.change(name, (record) =>
      record.end === undefined
        ? { end: { at: new Date(clock()).toISOString(), outcome, ...(reason !== undefined && { reason }) } }
        : undefined,
    )

  const run = async (name: string, signal: AbortSignal): Promise<void> => {
    const record = await transforms.record(name)
    if (closing || record.end !== undefined) return
    if (record.stopAt !== undefined) return void (await end(name, 'Stopped'))
    begun.add(name)
    try {
      const spec = await transforms.spec(name)
      const { DataSource, ContentType } = spec.request.TransformInput
      const { store } = options
      const { inputs, close } = await openLocalInputs(DataSource.S3DataSource.S3Uri, ContentType, { store, signal })
      await runLocalTransform(spec, inputs, { ...options, signal }).finally(close)
    } catch (error) {
      if (closing) return
      const stopped = (await transforms.record(name)).stopAt !== undefined
      await (stopped ? end(name, 'Stopped') : end(name, 'Failed', reasonOf(error)))
    }
  }

  const take = (name: string): void => {
    if (closing || taken.has(name)) return
    const controller = new AbortController()
    taken.set(name, controller)
    void queue
      .add(() => run(name, controller.signal))
      .catch((error: unknown) => notice(`transform job ${name}: ${messageOf(error)}`))
      .finally(() => {
        taken.delete(name)
        begun.delete(name)
      })
  }

  /** What a caller may read; the rest is for whoever runs the service. */
  const reasonOf = (error: unknown): string => {
    if (error instanceof MaasError) return error.message
    notice(`transform job: ${messageOf(error)}`)
    return 'the service failed; its log says why'
  }

  return {
    admit: admitTo(queue, mostWaiting, 'transform jobs'),
    start: async ({ request }) => take(request.TransformJobName),
    stop: async ({ name }) => {
      // One that waits ends now and not when its turn comes.
      if (begun.has(name)) taken.get(name)?.abort()
      else await end(name, 'Stopped')
    },
    recover: async () => {
      const open: string[] = []
      for await (const name of transforms.names()) {
        const found = await Promise.all([transforms.record(name), transforms.spec(name)]).catch((error: unknown) =>
          notice(`transform job ${name}: ${messageOf(error)}`),
        )
        if (!found) continue
        const [record, spec] = found
        const { S3Uri } = spec.request.TransformInput.DataSource.S3DataSource
        // What the command line began with a folder of its own is for the command line to go on with.
        if (record.end === undefined && S3Uri.startsWith(`${localJobSettings.storeUri}/`)) open.push(name)
      }
      for (const name of open.toReversed()) take(name)
    },
    close: async () => {
      closing = true
      queue.clear()
      for (const controller of taken.values()) controller.abort()
      await queue.onIdle()
    },
  }
}
