/** Reads this function's environment, once. */
import { originsOf, required } from '@maas/core/http/lambda'

export interface Environment {
  /** Where models lie: `s3://bucket`. */
  readonly store: string
  readonly origins: readonly string[]
  /** Where keys are. */
  readonly table: string
}

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  store: required(env, 'MAAS_STORE'),
  table: required(env, 'MAAS_TABLE'),
  origins: originsOf(env),
})
