/** Reads this program's environment, once. */

export interface Environment {
  /** Folder with the container's `input`, `model`, `output` and `checkpoints`. */
  readonly baseDir: string
  /** Name of the job where no job document says it. */
  readonly jobName?: string
}

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  baseDir: env.SAGEMAKER_BASE_DIR || '/opt/ml',
  ...(env.TRAINING_JOB_NAME && { jobName: env.TRAINING_JOB_NAME }),
})

/** What the container on Batch needs beside that. */
export interface BatchEnvironment extends Environment {
  readonly jobName: string
  /** Where the job, its data and its candidate lie: `s3://bucket`, or a folder on one machine. */
  readonly store: string
  /** How documents name the store. */
  readonly storeUri: string
  /** From 1; a higher one goes on where the last was interrupted. */
  readonly attempt: number
  /** On AWS: who lends credentials for the store, and what proves which job asks. Else the process's own are used. */
  readonly lender?: Lender
}

export interface Lender {
  /** ARN of a Lambda. */
  readonly functionArn: string
  readonly token: string
}

const required = (env: NodeJS.ProcessEnv, name: string): string => {
  const value = env[name]
  if (value) return value
  throw new Error(`The environment variable ${name} is not set; the job definition or the job sets it.`)
}

/** A secret: of no use to the process that trains, so that one does not get it. */
export const tokenVariable = 'MAAS_JOB_TOKEN'

export const readBatchEnvironment = (env: NodeJS.ProcessEnv): BatchEnvironment => ({
  ...readEnvironment(env),
  jobName: required(env, 'TRAINING_JOB_NAME'),
  store: required(env, 'MAAS_STORE'),
  storeUri: env.MAAS_STORE_URI || required(env, 'MAAS_STORE'),
  attempt: Number(env.AWS_BATCH_JOB_ATTEMPT || 1),
  ...(env.MAAS_JOB_CREDENTIALS && {
    lender: { functionArn: env.MAAS_JOB_CREDENTIALS, token: required(env, tokenVariable) },
  }),
})

/** What a container that predicts a share of a data set needs. */
export interface TransformEnvironment {
  readonly jobName: string
  /** Where the job, its data and the model lie: `s3://bucket`, or a folder on one machine. */
  readonly store: string
  /** How documents name the store. */
  readonly storeUri: string
  /** This container, from 0, of so many. */
  readonly share: { readonly index: number; readonly of: number }
}

export const readTransformEnvironment = (env: NodeJS.ProcessEnv): TransformEnvironment => ({
  jobName: required(env, 'TRANSFORM_JOB_NAME'),
  store: required(env, 'MAAS_STORE'),
  storeUri: env.MAAS_STORE_URI || required(env, 'MAAS_STORE'),
  share: { index: Number(env.AWS_BATCH_JOB_ARRAY_INDEX || 0), of: Number(env.TRANSFORM_SHARES || 1) },
})
