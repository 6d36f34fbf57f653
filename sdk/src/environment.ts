/** The environment variables that stand in for options, read in one place. */

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
