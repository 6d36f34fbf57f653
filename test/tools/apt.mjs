// Programs that tests use and that Debian packages: found on the PATH, else installed where that needs nobody's leave.
// @ts-check
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './python.mjs'

/** @typedef {'chromium'} AptTool */

/** @satisfies {Record<AptTool, { packages: string[], programs: string[], size: string, override: string }>} */
export const aptTools = {
  chromium: {
    packages: ['chromium'],
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    size: '400 MB',
    override: 'MAAS_CHROMIUM',
  },
}

/**
 * @param {AptTool} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} the program's path
 */
export function findAptTool(name, env = process.env) {
  const { programs, override } = aptTools[name]
  const stated = env[override]
  if (stated) return existsSync(stated) ? stated : undefined
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find((path) => existsSync(path))
}

/**
 * @param {AptTool} name
 * @param {{ env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, onProgress?: (text: string) => void }} [options]
 * @returns {Promise<{ path: string } | { missing: string }>} where it is, or why it is not there and what to do
 */
export async function installAptTool(name, { env = process.env, signal, onProgress = () => {} } = {}) {
  const found = findAptTool(name, env)
  if (found !== undefined) return { path: found }
  const { packages, size, override } = aptTools[name]
  const advice = `install it (Debian: apt-get install ${packages.join(' ')}) or name it in ${override}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    return { missing: `${name} is not installed: ${advice}` }
  onProgress(`${name}: installing Debian's packages (about ${size})`)
  const apt = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const { status, output } = await run('apt-get', ['--quiet', ...args], { env: apt, signal })
    if (status !== 0) {
      const last = output.trim().split('\n').at(-1) ?? ''
      return { missing: `${name} could not be installed (apt-get ${args[0]}: ${last}): ${advice}` }
    }
  }
  const path = findAptTool(name, env)
  return path === undefined ? { missing: `${name} is not on the PATH after its installation: ${advice}` } : { path }
}
