/** Reads this function's environment, once. */
import { MaasError } from '@maas/core/errors'
import { required } from '@maas/core/http/lambda'

export interface Environment {
  /** Where models and imports lie: `s3://bucket`. */
  readonly store: string
  readonly bucket: string
  /** Of the function, bytes. */
  readonly memory: number
}

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => {
  const store = required(env, 'MAAS_STORE')
  const bucket = /^s3:\/\/([^/]+)/.exec(store)?.[1]
  if (bucket === undefined) throw new MaasError('internal', `MAAS_STORE is "${store}"; it must be s3://bucket`)
  return { store, bucket, memory: Number(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 3008) * 1024 ** 2 }
}
