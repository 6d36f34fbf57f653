import { describe, expect, it } from 'vitest'
import { readBatchEnvironment, readEnvironment } from '../../../../functions/train/environment.ts'

describe('the environment', () => {
  it('says where the container’s folder is, /opt/ml when it does not', () => {
    expect(readEnvironment({})).toEqual({ baseDir: '/opt/ml' })
    expect(readEnvironment({ SAGEMAKER_BASE_DIR: '/jobs/a', TRAINING_JOB_NAME: 'a' })).toEqual({
      baseDir: '/jobs/a',
      jobName: 'a',
    })
  })

  it('names who lends credentials on AWS, together with the job’s token or not at all', () => {
    const env = { TRAINING_JOB_NAME: 'a', MAAS_STORE: 's3://models' }
    expect(readBatchEnvironment(env)).not.toHaveProperty('lender')
    const lending = { ...env, MAAS_JOB_CREDENTIALS: 'arn:aws:lambda:x' }
    expect(() => readBatchEnvironment(lending)).toThrow('MAAS_JOB_TOKEN is not set')
    expect(readBatchEnvironment({ ...lending, MAAS_JOB_TOKEN: 't' }).lender).toEqual({
      functionArn: 'arn:aws:lambda:x',
      token: 't',
    })
  })
})
