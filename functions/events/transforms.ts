/** What Batch says about transform jobs, in their records; the last container's success joins the parts. Events may come twice and out of order. */
import { runStates, type TransformRecord, transformKeys, transformOfRun } from '@maas/core/contract'
import { MaasError } from '@maas/core/errors'
import { ifFound, type ObjectStore } from '@maas/core/store'
import type { Transforms } from '@maas/core/transform'
import * as z from 'zod'

export const transformChangeSchema = z.object({
  source: z.literal('aws.batch'),
  time: z.iso.datetime(),
  detail: z.object({
    jobName: z.string().regex(/^transform_/),
    /** Of one container of several: `id:index`. */
    jobId: z.string(),
    status: z.enum(runStates),
    statusReason: z.string().optional(),
  }),
})
export type TransformChange = z.infer<typeof transformChangeSchema>

export interface TransformChangeDeps {
  readonly store: ObjectStore
  readonly transforms: Pick<Transforms, 'change' | 'record' | 'finish'>
  /** Ends a Batch job by SIGTERM; a job that has ended already is fine. */
  readonly terminate: (id: string) => Promise<void>
}

/** Resolves with the record as it is then. */
export const recordTransform = async (
  { time, detail }: TransformChange,
  { store, transforms, terminate }: TransformChangeDeps,
): Promise<TransformRecord> => {
  const { jobName, jobId, status, statusReason } = detail
  const name = transformOfRun(jobName) ?? ''
  const { failure } = transformKeys(name)
  const end = (outcome: 'Failed' | 'Stopped', reason: string) =>
    transforms.change(name, (record) => (record.end === undefined ? { end: { at: time, outcome, reason } } : undefined))

  if (status === 'RUNNING') {
    await transforms.change(name, ({ startedAt }) =>
      startedAt === undefined || startedAt > time ? { startedAt: time } : undefined,
    )
  }
  // Of an array, its parent says how the whole ended.
  if (jobId.includes(':')) return transforms.record(name)
  const { stopAt } = await transforms.record(name)
  if (status === 'SUCCEEDED') {
    try {
      await transforms.finish(name)
    } catch (error) {
      // A store that fails is asked again, by Lambda's own retry.
      if (!(error instanceof MaasError) || error.code === 'storage') throw error
      return end('Failed', error.message)
    }
  } else if (status === 'FAILED') {
    const written = await ifFound(store.get(failure))
    const words = written && Buffer.from(written.body).toString().trim()
    return stopAt === undefined
      ? end('Failed', words || (statusReason ?? 'Batch did not say why the job failed'))
      : end('Stopped', 'stopped on request')
  } else if (stopAt !== undefined) {
    // It was asked to stop before anybody knew what to stop.
    await terminate(jobId)
  }
  return transforms.record(name)
}
