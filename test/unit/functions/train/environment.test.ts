import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../../functions/train/environment.ts'

describe('the environment', () => {
  it('says where the container’s folder is, /opt/ml when it does not', () => {
    expect(readEnvironment({})).toEqual({ baseDir: '/opt/ml' })
    expect(readEnvironment({ SAGEMAKER_BASE_DIR: '/jobs/a', TRAINING_JOB_NAME: 'a' })).toEqual({
      baseDir: '/jobs/a',
      jobName: 'a',
    })
  })
})
