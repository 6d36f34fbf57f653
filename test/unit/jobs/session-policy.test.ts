import { trainingJobSchema } from '@maas/core/contract'
import { sessionPolicy } from '@maas/core/jobs'
import { describe, expect, it } from 'vitest'

const bucket = 'arn:aws:s3:::models'
const jobOn = (uris: Readonly<Record<string, string>>, more = {}) =>
  trainingJobSchema.parse({
    TrainingJobName: 'job-1',
    OutputDataConfig: { S3OutputPath: 's3://models/jobs' },
    InputDataConfig: Object.entries(uris).map(([ChannelName, S3Uri]) => ({
      ChannelName,
      DataSource: { S3DataSource: { S3Uri } },
    })),
    ...more,
  })
const statements = (...args: Parameters<typeof jobOn>) =>
  JSON.parse(sessionPolicy(jobOn(...args), 's3://models', bucket)).Statement

describe('what a job may do with the bucket', () => {
  it('is to write its own folder and checkpoints, and to read the data its channels name', () => {
    const [own, data, list, key] = statements({ train: 's3://models/datasets/a.zip', test: 's3://models/uploads/b/' })
    expect(own).toEqual({
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
      Resource: [`${bucket}/jobs/job-1/*`, `${bucket}/checkpoints/job-1/*`],
    })
    expect(data).toEqual({
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: ['a.zip', 'a.zip/*']
        .map((each) => `${bucket}/datasets/${each}`)
        .concat(['b', 'b/*'].map((each) => `${bucket}/uploads/${each}`)),
    })
    expect(list).toMatchObject({ Action: 's3:ListBucket', Resource: bucket })
    expect(list.Condition.StringLike['s3:prefix']).toEqual([
      ...['jobs/job-1/*', 'checkpoints/job-1/*', 'datasets/a.zip*', 'uploads/b*'],
    ])
    expect(key.Action).toEqual(['kms:Decrypt', 'kms:GenerateDataKey'])
  })

  it('follows the document to shared checkpoints, and never out of the service’s own prefixes', () => {
    const CheckpointConfig = { S3Uri: 's3://models/checkpoints/shared' }
    const [own] = statements({ train: 's3://models/datasets/a' }, { CheckpointConfig })
    expect(own.Resource).toEqual([`${bucket}/jobs/job-1/*`, `${bucket}/checkpoints/shared/*`])
    expect(() => statements({ train: 's3://models/jobs/job-2' })).toThrow('InputDataConfig.train: got s3://models/jobs')
    expect(() => statements({ train: 's3://others/datasets/a' })).toThrow('data is read from below')
  })

  it('takes what is special in policies for what it is in a key', () => {
    const [, data] = statements({ train: `s3://models/datasets/*?\${aws:userid}` })
    const escaped = `${bucket}/datasets/\${*}\${?}\${$}{aws:userid}`
    expect(data.Resource).toEqual([escaped, `${escaped}/*`])
  })

  it('fits with three channels of usual length, and is refused in words where AWS would not take it', () => {
    const long = (name: string, length: number) => `s3://models/datasets/${name.repeat(length)}`
    expect(() => statements({ train: long('a', 85), validation: long('b', 85), test: long('c', 85) })).not.toThrow()
    expect(() => statements({ train: long('a', 500) })).toThrow(/too long together.*AWS takes 2048/)
  })
})
