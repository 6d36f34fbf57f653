/** Writes and removes the profile: whole or not at all, and readable by its owner alone. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Profile, profilePath } from '../../profile.ts'

const pathOf = (env: NodeJS.ProcessEnv): string => {
  const path = profilePath(env)
  if (path === undefined) throw new Error('There is no home folder to keep a profile in: set XDG_CONFIG_HOME.')
  return path
}

/** The file it wrote. */
export const writeProfile = async (profile: Profile, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const path = pathOf(env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}`
  try {
    // A new file: the mode of one that is there would stay as it is.
    await writeFile(temporary, `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return path
}

/** The file that is gone now, whether it was there or not. */
export const removeProfile = async (env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const path = pathOf(env)
  await rm(path, { force: true })
  return path
}
