// The sets of pinned Python tools, where each lives in the cache, and whether it is there.
// @ts-check
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Something a person can act on; printed without a stack trace. */
export class ToolsError extends Error {}

/** @typedef {'base' | 'keras' | 'checks' | 'conformance'} SetName */

/** @satisfies {Record<SetName, { file: string, title: string, size: string }>} */
export const sets = /** @type {const} */ ({
  base: { file: 'requirements.txt', title: 'moto (AWS stand-in) and clients of the service', size: '350 MB' },
  keras: { file: 'requirements-keras.txt', title: 'Python Keras and the bench’s Python peers', size: '1.6 GB' },
  checks: { file: 'requirements-checks.txt', title: 'checkov and hadolint', size: '350 MB' },
  conformance: { file: 'requirements-conformance.txt', title: 'schemathesis and Prometheus’ parser', size: '60 MB' },
})

/** Name of the file that makes a set complete: it is written last, in one rename, and names the environment beside it. */
export const marker = 'complete.json'

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} the folder that holds one folder per pinned list
 */
export function toolsCacheDirectory(env = process.env) {
  const stated = env.XDG_CACHE_HOME
  const base = stated !== undefined && isAbsolute(stated) ? stated : join(env.HOME || homedir(), '.cache')
  return join(base, 'maas', 'tools')
}

/** @param {SetName} name */
export const requirementsPath = (name) => fileURLToPath(new URL(sets[name].file, import.meta.url))

/**
 * @param {SetName} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} the set's folder; another list, platform or architecture is another folder
 */
export function setDirectory(name, env = process.env) {
  const hash = createHash('sha256').update(readFileSync(requirementsPath(name)))
  hash.update(`\0${process.platform}-${process.arch}`)
  return join(toolsCacheDirectory(env), `${name}-${hash.digest('hex').slice(0, 20)}`)
}

/**
 * @param {SetName} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} the Python environment (programs in `bin/`), or undefined when it was never completed
 */
export function findTools(name, env = process.env) {
  const directory = setDirectory(name, env)
  try {
    return join(directory, JSON.parse(readFileSync(join(directory, marker), 'utf8')).environment)
  } catch {
    return undefined
  }
}
