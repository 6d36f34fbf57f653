import { type JobSettings, readCreateJob } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'

const settings: JobSettings = {
  storeUri: 's3://models',
  roleArn: 'arn:aws:iam::111122223333:role/maas-dev-train',
  images: ['maas-train'],
  maxSeconds: 7200,
}
const channel = (name: string, S3Uri = 's3://models/datasets/x.zip') => ({
  ChannelName: name,
  DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri } },
})
const request = (changes: Record<string, unknown> = {}) => ({
  TrainingJobName: 'job-1',
  HyperParameters: { epochs: '3' },
  InputDataConfig: [channel('train')],
  OutputDataConfig: { S3OutputPath: 's3://models/jobs/' },
  ...changes,
})
const refusal = (changes: Record<string, unknown>): Record<string, unknown> => {
  try {
    readCreateJob(request(changes), settings)
    return {}
  } catch (error) {
    const { code, param, message } = error as Record<string, string>
    return { code, param, message }
  }
}

describe('a request for a training job', () => {
  it('becomes a document with everything said', () => {
    const job = readCreateJob(request({ InputDataConfig: [channel('train', 'uploads/x.zip')] }), settings)
    expect(job).toMatchObject({
      RoleArn: settings.roleArn,
      AlgorithmSpecification: { TrainingImage: 'maas-train' },
      StoppingCondition: { MaxRuntimeInSeconds: 7200 },
      OutputDataConfig: { S3OutputPath: 's3://models/jobs' },
      EnableManagedSpotTraining: false,
    })
    expect(job.InputDataConfig[0]?.DataSource.S3DataSource.S3Uri).toBe('s3://models/uploads/x.zip')
  })

  it.each([
    ['Environment', { Environment: { LD_PRELOAD: '/tmp/x.so' } }],
    ['AlgorithmSpecification.TrainingImage', { AlgorithmSpecification: { TrainingImage: 'evil/image' } }],
    ['AlgorithmSpecification.ContainerEntrypoint', { AlgorithmSpecification: { ContainerEntrypoint: ['sh'] } }],
    ['AlgorithmSpecification.ContainerArguments', { AlgorithmSpecification: { ContainerArguments: ['-c'] } }],
    ['RoleArn', { RoleArn: 'arn:aws:iam::111122223333:role/Admin' }],
    ['VpcConfig', { VpcConfig: { Subnets: ['s'], SecurityGroupIds: ['g'] } }],
    ['OutputDataConfig.S3OutputPath', { OutputDataConfig: { S3OutputPath: 's3://theirs/out' } }],
    ['CheckpointConfig.S3Uri', { CheckpointConfig: { S3Uri: 's3://models/models/m' } }],
    ...['s3://theirs/datasets/x', 's3://models/models/m', 's3://models/datasets/../jobs/x', 'file:///etc/passwd'].map(
      (uri) =>
        ['InputDataConfig.0.DataSource.S3DataSource.S3Uri', { InputDataConfig: [channel('train', uri)] }] as [
          string,
          Record<string, unknown>,
        ],
    ),
  ] as [string, Record<string, unknown>][])('is refused by the name of %s', (param, changes) => {
    const got = refusal(changes)
    expect(got).toMatchObject({ code: 'forbidden', param })
    expect(got.message).toContain('got ')
  })

  it.each([
    ['a field that nobody acts on', { Surprise: 1 }, /Surprise/],
    [
      '101 hyperparameters',
      { HyperParameters: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`h${i}`, '1'])) },
      /at most 100/,
    ],
    ['a hyperparameter that is a number', { HyperParameters: { epochs: 3 } }, /string/],
    ['a hyperparameter nobody knows', { HyperParameters: { epoch: '3' } }, /epoch/],
    ['21 channels', { InputDataConfig: Array.from({ length: 21 }, () => channel('train')) }, /20/],
    ['a channel twice', { InputDataConfig: [channel('train'), channel('train')] }, /one train/],
    ['no training data', { InputDataConfig: [channel('test')] }, /one train/],
    ['a name with a dot', { TrainingJobName: 'a.b' }, /1-63 letters/],
    ['a size nobody has', { ResourceConfig: { InstanceType: 'ml.p5.48xlarge' } }, /ml\.m5\.large/],
    ['more time than there is', { StoppingCondition: { MaxRuntimeInSeconds: 7201 } }, /at most 7200/],
    [
      'less time to wait than to run',
      { StoppingCondition: { MaxRuntimeInSeconds: 60, MaxWaitTimeInSeconds: 30 } },
      /not shorter/,
    ],
  ])('is refused for %s', (_, changes, message) => {
    expect(refusal(changes)).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) })
  })
})
