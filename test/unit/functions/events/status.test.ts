import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingJobSchema } from '@maas/core/contract'
import { createJobs } from '@maas/core/jobs'
import { createFileStore } from '@maas/core/store'
import { describe, expect, it } from 'vitest'
import {
  jobChangeSchema,
  recordChange,
  recordWorkflow,
  workflowChangeSchema,
} from '../../../../functions/events/status.ts'

const setup = async () => {
  const store = createFileStore(mkdtempSync(join(tmpdir(), 'events-')))
  const jobs = createJobs({ store, storeUri: 's3://b', clock: () => Date.now() })
  const document = trainingJobSchema.parse({
    TrainingJobName: 'job-1',
    InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } }],
    OutputDataConfig: { S3OutputPath: 's3://b/jobs' },
  })
  await jobs.create(document)
  const terminated: string[] = []
  const deps = { store, jobs, terminate: async (id: string) => void terminated.push(id) }
  const later = Date.now() + 1000
  const time = (second: number) => new Date(later + second * 1000).toISOString()
  const batch = (status: string, second: number, attempts = 0, statusReason?: string) =>
    recordChange(
      jobChangeSchema.parse({
        source: 'aws.batch',
        time: time(second),
        detail: { jobName: 'job-1', jobId: 'abc', status, statusReason, attempts: Array(attempts).fill({}) },
      }),
      deps,
    )
  const workflow = (status: string, second: number, error?: string, cause?: string) =>
    recordWorkflow(
      workflowChangeSchema.parse({
        source: 'aws.states',
        time: time(second),
        detail: { name: 'job-1', status, error, cause },
      }),
      deps,
    )
  return { store, jobs, batch, workflow, terminated, time }
}

describe('what AWS says about a job', () => {
  it('changes nothing the second time, nor when it comes late', async () => {
    const { jobs, batch } = await setup()
    expect(await batch('RUNNING', 20)).toBe(true)
    expect(await batch('RUNNING', 20)).toBe(false)
    await batch('STARTING', 10)
    await batch('SUBMITTED', 1)
    expect((await jobs.describe('job-1')).SecondaryStatusTransitions.map(({ Status }) => Status)).toEqual([
      'Pending',
      'Starting',
    ])
  })

  it('tells a job that is tried again after a Spot reclaim from one that failed', async () => {
    const { jobs, batch } = await setup()
    await batch('RUNNING', 5)
    await batch('RUNNABLE', 30, 1, 'Your Spot Task was interrupted.')
    expect(await jobs.describe('job-1')).toMatchObject({
      TrainingJobStatus: 'InProgress',
      SecondaryStatus: 'Restarting',
    })
    await batch('FAILED', 90, 4, 'Your Spot Task was interrupted.')
    expect(await jobs.describe('job-1')).toMatchObject({
      TrainingJobStatus: 'Failed',
      FailureReason: 'Your Spot Task was interrupted.',
    })
  })

  it('gives the container’s own words as the reason, when it left any', async () => {
    const { store, jobs, batch, workflow } = await setup()
    await store.put('jobs/job-1/failure.txt', new TextEncoder().encode('the loss is not a number'))
    await batch('FAILED', 9, 1, 'Essential container in task exited')
    await workflow('FAILED', 40, 'TrainingFailed', 'see the bucket')
    expect((await jobs.describe('job-1')).FailureReason).toBe('the loss is not a number')
  })

  it('fails a job that Batch did not take, or that could not be registered', async () => {
    const { jobs, workflow } = await setup()
    expect(await workflow('SUCCEEDED', 1)).toBe(false)
    await workflow('FAILED', 2, 'Batch.ClientException', 'JobQueue maas is DISABLED')
    expect((await jobs.describe('job-1')).FailureReason).toBe('Batch.ClientException: JobQueue maas is DISABLED')
  })

  it('gives the words of a task of the workflow that threw, and not its trace', async () => {
    const { jobs, workflow } = await setup()
    const cause = { errorMessage: 'the addresses are too long', errorType: 'InvalidInputError', trace: ['at x.mjs:1'] }
    await workflow('FAILED', 2, 'InvalidInputError', JSON.stringify(cause))
    expect((await jobs.describe('job-1')).FailureReason).toBe('InvalidInputError: the addresses are too long')
  })

  it('never unmakes a version', async () => {
    const { jobs, batch, workflow, time } = await setup()
    await batch('SUCCEEDED', 5, 1)
    expect(await jobs.describe('job-1')).toMatchObject({
      TrainingJobStatus: 'InProgress',
      SecondaryStatus: 'Uploading',
    })
    await jobs.add('job-1', { kind: 'end', at: time(6), outcome: 'Completed' })
    await workflow('TIMED_OUT', 7)
    expect(await jobs.describe('job-1')).toMatchObject({ TrainingJobStatus: 'Completed' })
  })

  it('ends a job that was asked to stop before anybody knew its id, once it is known', async () => {
    const { jobs, batch, terminated, time } = await setup()
    await batch('SUBMITTED', 1)
    expect(terminated).toEqual([])
    await jobs.add('job-1', { kind: 'stop', at: time(2) })
    await batch('RUNNABLE', 3)
    expect(terminated).toEqual(['abc'])
    await batch('FAILED', 9, 1, 'stopped on request')
    expect(terminated).toEqual(['abc'])
    expect(await jobs.describe('job-1')).toMatchObject({ TrainingJobStatus: 'Stopped' })
  })
})
