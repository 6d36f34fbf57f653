/** Python in tests: the interpreters of the pinned tools, and programs whose last line is their answer in JSON. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findTools } from '../tools/sets.mjs'

/**
 * The interpreter of a set of tools, undefined where it is not installed, which is then said. `npm test` installs the base set
 * (MAAS_TEST_TOOLS); Keras is used only where MAAS_TEST_KERAS names its environment, as its tests take minutes.
 */
export const findPython = (set: 'base' | 'keras', what: string, env = process.env): string | undefined => {
  const folder = set === 'base' ? (env.MAAS_TEST_TOOLS ?? findTools('base', env)) : env.MAAS_TEST_KERAS
  if (folder !== undefined) return join(folder, 'bin', 'python')
  const how =
    set === 'base' ? 'npm test, or node test/tools/install.mjs' : 'MAAS_TEST_KERAS=$(node test/tools/install.mjs keras)'
  console.warn(`SKIPPED ${what}: ${how}`)
  return undefined
}

export interface PythonOptions {
  readonly cwd?: string
  /** Besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Runs a file, or a text with `-c`, and parses the last line it prints. */
export const runPython = async <T>(
  python: string,
  args: readonly string[],
  options: PythonOptions = {},
): Promise<T> => {
  const { PATH, HOME } = process.env
  const { stdout } = await promisify(execFile)(python, [...args], {
    cwd: options.cwd,
    maxBuffer: 1e8,
    env: { PATH, HOME, TF_CPP_MIN_LOG_LEVEL: '3', ...options.env },
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') as T
}
