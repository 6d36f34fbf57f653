/** Reads this function's environment, once. */
import { originsOf, required } from '@maas/core/http/lambda'

export interface Environment {
  /** Where models lie: `s3://bucket`. */
  readonly store: string
  /** Memory for weights, bytes: the native library and the runtime take the rest. */
  readonly modelBytes: number
  readonly origins: readonly string[]
  /** URL of the queue of asynchronous predictions; without one, everything is answered at once. */
  readonly queue: string | undefined
  /** ARN of the secret that signs webhooks; without one, they are refused. */
  readonly webhookSecret: string | undefined
  /** Where keys are counted. */
  readonly table: string
  /** Memory of this function, for the price of its answers. */
  readonly megabytes: number
}

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  store: required(env, 'MAAS_STORE'),
  table: required(env, 'MAAS_TABLE'),
  megabytes: Number(required(env, 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE')),
  modelBytes: (Number(required(env, 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE')) * 1024 * 1024) / 4,
  origins: originsOf(env),
  queue: env.MAAS_QUEUE || undefined,
  webhookSecret: env.MAAS_WEBHOOK_SECRET || undefined,
})
