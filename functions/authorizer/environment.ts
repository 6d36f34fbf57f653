/** Reads this function's environment, once. */
import type { Right } from '@maas/core/contract'
import { required } from '@maas/core/http/lambda'

export interface Environment {
  readonly table: string
  /** Values of the usage plans' keys, by right. */
  readonly usageKeys: Readonly<Record<Right, string>>
}

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  table: required(env, 'MAAS_TABLE'),
  usageKeys: { data: required(env, 'MAAS_USAGE_KEY_DATA'), control: required(env, 'MAAS_USAGE_KEY_CONTROL') },
})
