import { BatchClient, TerminateJobCommand } from '@aws-sdk/client-batch'
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { type JobRecord, trainingJobSchema } from '@maas/core/contract'
import { createBatchRunner } from '@maas/core/jobs/batch'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'

const workflow = 'arn:aws:states:eu-west-1:111122223333:stateMachine:maas-dev-train'
const [sfn, batch] = [mockClient(SFNClient), mockClient(BatchClient)]
const settings = { region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
const runner = createBatchRunner({ workflows: new SFNClient(settings), batch: new BatchClient(settings), workflow })
const job = trainingJobSchema.parse({
  TrainingJobName: 'Job-1',
  InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } }],
  OutputDataConfig: { S3OutputPath: 's3://b/jobs' },
  ResourceConfig: { InstanceType: 'ml.c5.xlarge' },
  EnableManagedSpotTraining: true,
})
const failure = (name: string, message = 'no') => Object.assign(new Error(message), { name })
const record = (...facts: JobRecord['facts']): JobRecord => ({ schema: 1, name: 'Job-1', createdAt: 't', facts })
const running = { kind: 'state', at: '2026-01-01T00:00:00Z', attempt: 1, id: 'abc', state: 'RUNNING' } as const

describe('jobs on AWS', () => {
  beforeEach(() => {
    sfn.reset()
    batch.reset()
  })

  it('are one execution each, named after the job, with the size that it asks for', async () => {
    sfn.on(StartExecutionCommand).resolves({})
    await runner.start(job)
    const { input, name, stateMachineArn } = sfn.commandCalls(StartExecutionCommand)[0]?.args[0].input ?? {}
    expect({ name, stateMachineArn }).toEqual({ name: 'Job-1', stateMachineArn: workflow })
    expect(JSON.parse(input ?? '')).toEqual({ job: 'Job-1', cpus: '4', memory: '8192', seconds: 90_000, spot: true })
  })

  it('are not started twice', async () => {
    sfn.on(StartExecutionCommand).rejects(failure('ExecutionAlreadyExists'))
    await expect(runner.start(job)).resolves.toBeUndefined()
  })

  it('say what is throttled, and that the same request may come again', async () => {
    sfn.on(StartExecutionCommand).rejects(failure('ThrottlingException'))
    await expect(runner.start(job)).rejects.toMatchObject({ code: 'over_quota', retryAfter: 5 })
    await expect(runner.start(job)).rejects.toThrow(/states:StartExecution.*Nothing was lost/)
  })

  it.each(['AccessDeniedException', 'KmsAccessDeniedException'])('name permission and resource on %s', async (name) => {
    sfn.on(StartExecutionCommand).rejects(failure(name, 'kms:Decrypt is missing'))
    await expect(runner.start(job)).rejects.toThrow(`may not call states:StartExecution on ${workflow}: kms:Decrypt`)
    batch.on(TerminateJobCommand).rejects(failure(name))
    await expect(runner.stop(record(running))).rejects.toThrow('may not call batch:TerminateJob on the job abc')
  })

  it('are stopped by Batch once Batch has them, before that by ending the execution', async () => {
    batch.on(TerminateJobCommand).resolves({})
    await runner.stop(record(running))
    expect(batch.commandCalls(TerminateJobCommand)[0]?.args[0].input.jobId).toBe('abc')
    expect(sfn.commandCalls(StopExecutionCommand)).toHaveLength(0)
    sfn.on(StopExecutionCommand).resolves({})
    await runner.stop(record())
    expect(sfn.commandCalls(StopExecutionCommand)[0]?.args[0].input.executionArn).toBe(
      'arn:aws:states:eu-west-1:111122223333:execution:maas-dev-train:Job-1',
    )
    sfn.on(StopExecutionCommand).rejects(failure('ExecutionDoesNotExist'))
    await expect(runner.stop(record())).resolves.toBeUndefined()
  })
})
