/** Training jobs: created, listed, followed, stopped. Who runs them is somebody else's part. */
import {
  type JobDescription,
  type JobFact,
  type JobLogQuery,
  type JobOperation,
  type JobQuery,
  type JobRecord,
  type JobSettings,
  jobLogQuerySchema,
  jobQuerySchema,
  readCreateJob,
} from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import type { Handler } from '@maas/core/http'
import { endOf, type JobRunner, type Jobs } from '@maas/core/jobs'
import * as z from 'zod'
import { eventStream, type FollowOptions } from './event-stream.ts'
import { sagemakerHandler } from './sagemaker.ts'

export interface JobDependencies {
  readonly jobs: Jobs
  readonly runner: JobRunner
  readonly settings: JobSettings
  readonly follow: FollowOptions
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** What both dialects ask for. */
export interface JobActions {
  /** `created` is false when the job was there before; `waiting` then tells whether nobody had taken it yet. */
  create(body: unknown): Promise<{ readonly job: JobDescription; readonly created: boolean; readonly waiting: boolean }>
  describe(name: string): Promise<JobDescription>
  list(query: JobQuery): ReturnType<Jobs['list']>
  stop(name: string): Promise<JobDescription>
}

/** Before its first state nobody is known to have taken the job. */
const isStarted = ({ facts }: JobRecord): boolean => facts.some(({ kind }) => kind !== 'stop')

export const jobActions = ({ jobs, runner, settings, clock }: JobDependencies): JobActions => ({
  create: async (body) => {
    const document = readCreateJob(body, settings)
    if (!(await jobs.has(document.TrainingJobName))) await runner.admit()
    const { record, created } = await jobs.create(document)
    // Also for a job that is there already: its start may have failed.
    const waiting = !isStarted(record)
    if (waiting) await runner.start(document)
    return { job: await jobs.describe(record.name), created, waiting }
  },
  describe: (name) => jobs.describe(name),
  list: (query) => jobs.list(query),
  stop: async (name) => {
    const end = endOf(await jobs.record(name))
    if (end !== undefined)
      throw new InvalidInputError(`${name} cannot be stopped: it is ${end.outcome} already.`, {
        param: 'TrainingJobName',
      })
    const stop: JobFact = { kind: 'stop', at: new Date(clock()).toISOString() }
    await jobs.add(name, stop)
    await runner.stop(await jobs.record(name))
    return jobs.describe(name)
  },
})

export const jobHandlers = (dependencies: JobDependencies): Record<JobOperation, Handler> => {
  const { jobs, follow } = dependencies
  const actions = jobActions(dependencies)
  return {
    createTrainingJob: async ({ json }) => {
      const { job, created } = await actions.create(await json(z.record(z.string(), z.unknown())))
      return { status: created ? 201 : 200, json: job }
    },
    listTrainingJobs: async ({ query }) => ({ json: await actions.list(query<JobQuery>(jobQuerySchema)) }),
    describeTrainingJob: async ({ params: { job = '' } }) => ({ json: await actions.describe(job) }),
    stopTrainingJob: async ({ params: { job = '' } }) => ({ status: 202, json: await actions.stop(job) }),
    readTrainingJobLogs: async ({ params: { job = '' }, query }) => ({
      json: await jobs.log(job, query<JobLogQuery>(jobLogQuerySchema)),
    }),
    readTrainingJobEvents: async ({ params: { job = '' }, query, headers, signal }) => {
      const asked = query<JobLogQuery>(jobLogQuerySchema)
      if (!headers.get('accept')?.includes('text/event-stream')) return { json: await jobs.events(job, asked) }
      // Also what a browser sends by itself when it connects again.
      const after = headers.get('last-event-id') ?? asked.after
      const from = jobLogQuerySchema.parse({ ...asked, ...(after !== undefined && { after }) })
      await jobs.record(job)
      return {
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
        stream: eventStream(jobs, job, from, { ...follow, signal }),
      }
    },
    sagemaker: sagemakerHandler(actions),
  }
}
