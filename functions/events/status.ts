/** Batch's job state changes into the job's record. Events may come twice and out of order: older ones change nothing. */
import { jobKeys, jobNameSchema } from '@maas/core/contract'
import { ConflictError, NotFoundError } from '@maas/core/errors'
import type { ObjectStore } from '@maas/core/store'
import { z } from 'zod'

/** Batch states in the order a job passes through them; a retry goes back, with a later time. */
const states = {
  SUBMITTED: 'InProgress',
  PENDING: 'InProgress',
  RUNNABLE: 'InProgress',
  STARTING: 'InProgress',
  RUNNING: 'InProgress',
  SUCCEEDED: 'Completed',
  FAILED: 'Failed',
} as const

export const jobChangeSchema = z.object({
  source: z.literal('aws.batch'),
  time: z.iso.datetime(),
  detail: z.object({
    jobName: jobNameSchema,
    jobId: z.string(),
    status: z.enum(Object.keys(states) as (keyof typeof states)[]),
    statusReason: z.string().optional(),
    attempts: z.array(z.unknown()).default([]),
  }),
})
export type JobChange = z.infer<typeof jobChangeSchema>

const statusSchema = z.object({ at: z.string() })

/** Whether the record was changed. */
export const recordChange = async ({ time, detail }: JobChange, store: ObjectStore): Promise<boolean> => {
  const { status } = jobKeys(detail.jobName)
  const current = await store.get(status).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined
    throw error
  })
  if (current !== undefined) {
    const { at } = statusSchema.parse(JSON.parse(new TextDecoder().decode(current.body)))
    if (at >= time) return false
  }
  const record = {
    ...{ at: time, batchJobId: detail.jobId, batchStatus: detail.status, attempts: detail.attempts.length },
    TrainingJobStatus: states[detail.status],
    ...(detail.statusReason !== undefined && { reason: detail.statusReason }),
  }
  const body = new TextEncoder().encode(JSON.stringify(record))
  try {
    await store.put(status, body, current === undefined ? { ifAbsent: true } : { ifMatch: current.info.etag })
    return true
  } catch (error) {
    // Somebody wrote meanwhile: look again who is newer.
    if (error instanceof ConflictError) return recordChange({ source: 'aws.batch', time, detail }, store)
    throw error
  }
}
