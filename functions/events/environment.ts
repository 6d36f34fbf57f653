/** Reads this function's environment, once. */
import { required } from '@maas/core/http/lambda'

/** `s3://bucket`. */
export const readEnvironment = (env: NodeJS.ProcessEnv): { readonly store: string } => ({
  store: required(env, 'MAAS_STORE'),
})
