import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JobFact, trainingJobSchema } from '@maas/core/contract'
import { createGrants, createJobs } from '@maas/core/jobs'
import { createFileStore } from '@maas/core/store'
import { describe, expect, it } from 'vitest'

const start = Date.parse('2026-01-01T00:00:00Z')

const setup = async () => {
  const clock = { now: start }
  const store = createFileStore(mkdtempSync(join(tmpdir(), 'grants-')))
  const jobs = createJobs({ store, storeUri: 's3://b', clock: () => clock.now })
  for (const TrainingJobName of ['job-1', 'job-2']) {
    await jobs.create(
      trainingJobSchema.parse({
        TrainingJobName,
        OutputDataConfig: { S3OutputPath: 's3://b/jobs' },
        InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } }],
      }),
    )
  }
  const grants = createGrants({ store, jobs, clock: () => clock.now })
  return { clock, store, jobs, grants, token: await grants.issue('job-1', 3600, Buffer.alloc(32, 7)) }
}
const ended = (outcome: 'Completed' | 'Stopped'): JobFact => ({ kind: 'end', at: '2026-01-01T00:10:00Z', outcome })

describe('the token of a training job', () => {
  it('speaks for its job, and no part of it is kept', async () => {
    const { grants, store, token } = await setup()
    await expect(grants.check('job-1', token)).resolves.toBeUndefined()
    const [kept] = (await store.list('jobs/job-1/grants/')).objects
    expect(kept?.key).toMatch(/grants\/[0-9a-f]{64}\.json$/)
    const { body } = await store.get(kept?.key ?? '')
    expect(`${kept?.key}${Buffer.from(body)}`).not.toContain(token)
  })

  it('does not speak for another job, nor does a guessed one', async () => {
    const { grants, token } = await setup()
    await expect(grants.check('job-2', token)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(grants.check('job-2', token)).rejects.toThrow('the token is not one of this job')
    const forged = Buffer.alloc(32, 8).toString('base64url')
    await expect(grants.check('job-1', forged)).rejects.toThrow('the token is not one of this job')
    await expect(grants.check('ghost', token)).rejects.toThrow('the token is not one of this job')
  })

  it('ends with its time', async () => {
    const { clock, grants, token } = await setup()
    clock.now = start + 3_599_000
    await grants.check('job-1', token)
    clock.now = start + 3_600_000
    await expect(grants.check('job-1', token)).rejects.toThrow('the token ended at 2026-01-01T01:00:00.000Z')
  })

  it.each(['Completed', 'Stopped'] as const)('ends when the job is %s', async (outcome) => {
    const { grants, jobs, token } = await setup()
    await jobs.add('job-1', ended(outcome))
    await expect(grants.check('job-1', token)).rejects.toThrow(`it is ${outcome} since 2026-01-01T00:10:00Z`)
  })

  it('goes on while a job that was asked to stop writes its checkpoint', async () => {
    const { grants, jobs, token } = await setup()
    await jobs.add('job-1', { kind: 'stop', at: '2026-01-01T00:05:00Z' })
    await expect(grants.check('job-1', token)).resolves.toBeUndefined()
  })

  it('stays good when another one is issued for the same job', async () => {
    const { grants, token } = await setup()
    const second = await grants.issue('job-1', 3600, Buffer.alloc(32, 9))
    for (const each of [token, second]) await expect(grants.check('job-1', each)).resolves.toBeUndefined()
  })
})
