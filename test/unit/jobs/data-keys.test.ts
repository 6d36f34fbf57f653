import { channelKey, checkpointsKey } from '@maas/core/jobs'
import { describe, expect, it } from 'vitest'

describe('where a job’s data lies', () => {
  it('is named by an address in the store, or by its key', () => {
    expect(channelKey('s3://models/datasets/x', 's3://models', 'p')).toBe('datasets/x')
    expect(channelKey('uploads/x', 's3://models', 'p')).toBe('uploads/x')
  })

  it.each([
    's3://others/datasets/x',
    's3://models/models/m',
    's3://models/datasets/../models/m',
    's3://models-2/datasets/x',
  ])('is never %s', (uri) => {
    expect(() => channelKey(uri, 's3://models', 'p')).toThrow('data is read from below s3://models/datasets/')
  })

  it('keeps checkpoints in the job’s own folder, or in one that its document names below checkpoints/', () => {
    const job = { TrainingJobName: 'job-1' }
    const at = (S3Uri: string) => checkpointsKey({ ...job, CheckpointConfig: { S3Uri } }, 's3://models')
    expect(checkpointsKey(job, 's3://models')).toBe('checkpoints/job-1/')
    expect(at('s3://models/checkpoints/shared')).toBe('checkpoints/shared/')
    expect(() => at('s3://models/jobs/job-2')).toThrow('checkpoints lie below s3://models/checkpoints/')
  })
})
