/** What Batch and Step Functions say about a job, as facts of its record. Events may come twice and out of order. */
import { type JobFact, jobKeys, jobNameSchema, runStates } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import { endOf, type Jobs } from '@maas/core/jobs'
import type { ObjectStore } from '@maas/core/store'
import * as z from 'zod'

export const jobChangeSchema = z.object({
  source: z.literal('aws.batch'),
  time: z.iso.datetime(),
  detail: z.object({
    jobName: jobNameSchema,
    jobId: z.string(),
    status: z.enum(runStates),
    statusReason: z.string().optional(),
    /** The attempts that have ended. */
    attempts: z.array(z.unknown()).default([]),
  }),
})
export type JobChange = z.infer<typeof jobChangeSchema>

/** Of the workflow around a job: refused by Batch, could not be registered, took too long, was stopped before it began. */
export const workflowChangeSchema = z.object({
  source: z.literal('aws.states'),
  time: z.iso.datetime(),
  detail: z.object({
    /** The job's. */
    name: jobNameSchema,
    status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
})

/** Of a Lambda. */
const failureSchema = z.object({ errorMessage: z.string() })

export type WorkflowChange = z.infer<typeof workflowChangeSchema>

export interface ChangeDeps {
  readonly store: ObjectStore
  readonly jobs: Pick<Jobs, 'add' | 'record'>
  /** Ends a Batch job by SIGTERM; a job that has ended already is fine. */
  readonly terminate: (id: string) => Promise<void>
}

/** The container's own words, when it had any. */
const reasonOf = async (job: string, otherwise: string, store: ObjectStore): Promise<string> => {
  try {
    const text = new TextDecoder().decode((await store.get(jobKeys(job).failure)).body).trim()
    return text || otherwise
  } catch (error) {
    if (error instanceof NotFoundError) return otherwise
    throw error
  }
}

/** Whether the record was changed. */
export const recordChange = async ({ time, detail }: JobChange, deps: ChangeDeps): Promise<boolean> => {
  const { jobName: name, jobId: id, status: state, statusReason: reason, attempts } = detail
  const isOver = state === 'SUCCEEDED' || state === 'FAILED'
  const attempt = Math.max(1, isOver ? attempts.length : attempts.length + 1)
  const facts: JobFact[] = [{ kind: 'state', at: time, attempt, id, state, ...(reason !== undefined && { reason }) }]
  if (state === 'FAILED') {
    const words = await reasonOf(name, reason ?? 'Batch did not say why the job failed', deps.store)
    facts.push({ kind: 'end', at: time, outcome: 'Failed', reason: words })
  }
  const changed = await deps.jobs.add(name, ...facts)
  const record = await deps.jobs.record(name)
  // It was asked to stop before anybody knew what to stop.
  if (!isOver && endOf(record) === undefined && record.facts.some(({ kind }) => kind === 'stop'))
    await deps.terminate(id)
  return changed
}

/** A task of the workflow that threw says so in JSON, with a trace that tells its job's owner nothing. */
const wordsOf = (cause: string | null | undefined): string | null | undefined => {
  try {
    return failureSchema.parse(JSON.parse(cause ?? '')).errorMessage
  } catch {
    return cause
  }
}

const failures = new Set<WorkflowChange['detail']['status']>(['FAILED', 'TIMED_OUT', 'ABORTED'])

/** Whether the record was changed. */
export const recordWorkflow = async (
  { time, detail: { name, status, error, cause } }: WorkflowChange,
  { store, jobs }: Pick<ChangeDeps, 'store' | 'jobs'>,
): Promise<boolean> => {
  if (!failures.has(status)) return false
  const words = [error, wordsOf(cause)].filter((part) => part).join(': ') || `the workflow ended as ${status}`
  return jobs.add(name, { kind: 'end', at: time, outcome: 'Failed', reason: await reasonOf(name, words, store) })
}
