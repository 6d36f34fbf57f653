/** Reads the environment of these functions, once in each. */
import { required } from '@maas/core/http/lambda'

interface Store {
  /** `s3://bucket`. */
  readonly store: string
  /** ARN of the same. */
  readonly bucket: string
}

export interface Environment extends Store {
  /** Id of the kernels that predictions run on, e.g. `tensorflow-2.21.0-x64`. */
  readonly kernels: string
}

const readStore = (env: NodeJS.ProcessEnv): Store => ({
  store: required(env, 'MAAS_STORE'),
  bucket: required(env, 'MAAS_BUCKET_ARN'),
})

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  ...readStore(env),
  kernels: required(env, 'MAAS_KERNELS_ID'),
})

export interface LendingEnvironment extends Store {
  /** ARN of the role that training jobs write with. */
  readonly writer: string
}

export const readLendingEnvironment = (env: NodeJS.ProcessEnv): LendingEnvironment => ({
  ...readStore(env),
  writer: required(env, 'MAAS_WRITER_ROLE'),
})
