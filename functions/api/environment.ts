/** Reads the environment of the api and keys functions, once in each. */
import { originsOf, required } from '@maas/core/http/lambda'

export interface KeysEnvironment {
  readonly origins: readonly string[]
  /** Where keys and their counters are. */
  readonly table: string
}

export interface Environment extends KeysEnvironment {
  /** Where models and jobs lie: `s3://bucket`. */
  readonly store: string
  /** ARN of the state machine that runs training jobs. */
  readonly workflow: string
  /** Names of the queue and the job definition of transform jobs. */
  readonly transformQueue: string
  readonly transformJob: string
  /** ARN of the role that training jobs run with. */
  readonly jobRole: string
  /** Of the machines that jobs run on; prices differ. */
  readonly architecture: 'x64' | 'arm64'
  /** Id of the kernels that predictions run on, e.g. `tensorflow-2.21.0-x64`. */
  readonly kernels: string
  readonly region: string
  /** Longest that a training job may ask for. */
  readonly maxJobHours: number
}

export const readKeysEnvironment = (env: NodeJS.ProcessEnv): KeysEnvironment => ({
  table: required(env, 'MAAS_TABLE'),
  origins: originsOf(env),
})

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  store: required(env, 'MAAS_STORE'),
  ...readKeysEnvironment(env),
  workflow: required(env, 'MAAS_WORKFLOW'),
  transformQueue: required(env, 'MAAS_TRANSFORM_QUEUE'),
  transformJob: required(env, 'MAAS_TRANSFORM_JOB'),
  jobRole: required(env, 'MAAS_JOB_ROLE'),
  architecture: required(env, 'MAAS_ARCHITECTURE') === 'arm64' ? 'arm64' : 'x64',
  kernels: required(env, 'MAAS_KERNELS_ID'),
  region: required(env, 'AWS_REGION'),
  maxJobHours: Number(required(env, 'MAAS_MAX_JOB_HOURS')),
})
