/** What `maas login` left: which service to talk to, and the key for it, in one file that only its owner may read. */

export interface Profile {
  readonly url: string
  readonly apiKey: string
  /** What it was read from, for people. */
  readonly stack: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** `$XDG_CONFIG_HOME/maas/profile.json`, by default below `~/.config`; undefined where there is no home. */
export const profilePath = (env: Environment): string | undefined => {
  const base =
    env.XDG_CONFIG_HOME || (env.HOME || env.USERPROFILE ? `${env.HOME || env.USERPROFILE}/.config` : undefined)
  return base === undefined ? undefined : `${base}/maas/profile.json`
}

/** Undefined when nobody is logged in; an Error that names the file when it cannot be understood. In a browser there is none. */
export const readProfile = (env: Environment = globalThis.process?.env ?? {}): Profile | undefined => {
  const path = profilePath(env)
  // Not imported: bundles for browsers must not ask for files.
  const files = globalThis.process?.getBuiltinModule?.('node:fs')
  if (path === undefined || files === undefined) return undefined
  let text: string
  try {
    text = files.readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read: ${(error as Error).message}. Run: npx maas logout`)
  }
  try {
    const { url, apiKey, stack } = JSON.parse(text) as Record<string, unknown>
    if (typeof url === 'string' && typeof apiKey === 'string' && typeof stack === 'string')
      return { url, apiKey, stack }
  } catch {}
  throw new Error(`${path} is damaged. Run: npx maas login --stack NAME, or npx maas logout`)
}
