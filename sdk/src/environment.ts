/** The environment variables that stand in for options, read in one place. */
import { readProfile } from './profile.ts'

export interface Environment {
  readonly url: string | undefined
  readonly apiKey: string | undefined
  readonly root: string | undefined
  /** Newest first, separated by spaces. */
  readonly webhookSecrets: readonly string[]
}

/** Unset and empty are the same; outside of Node there is none. */
export const readEnvironment = (
  env: Readonly<Record<string, string | undefined>> = globalThis.process?.env ?? {},
): Environment => ({
  url: env.MAAS_URL || undefined,
  apiKey: env.MAAS_API_KEY || undefined,
  root: env.MAAS_ROOT || undefined,
  webhookSecrets: (env.MAAS_WEBHOOK_SECRETS ?? '').split(' ').filter((secret) => secret !== ''),
})

/** Where calls go, and with which key: what was asked for, else the environment, else `maas login`; undefined for this machine. */
export const resolveService = (
  asked: {
    readonly url?: string | undefined
    readonly apiKey?: string | undefined
    readonly root?: string | undefined
  },
  env?: Readonly<Record<string, string | undefined>>,
): { readonly url: string; readonly apiKey: string | undefined } | undefined => {
  const environment = readEnvironment(env)
  const given = asked.apiKey ?? environment.apiKey
  // A root that was asked for stands above a service in the environment.
  const url = asked.url ?? (asked.root === undefined ? environment.url : undefined)
  if (url !== undefined) return { url, apiKey: given }
  if (asked.root !== undefined || environment.root !== undefined) return undefined
  const profile = readProfile(env)
  // Its key is for its service alone.
  return profile && { url: profile.url, apiKey: given ?? profile.apiKey }
}
