// Runs Python and pip, and turns what they say when they fail into a sentence that says what to do.
// @ts-check
import { spawn } from 'node:child_process'
import { ToolsError } from './sets.mjs'

const oldestPython = [3, 11]
const oldestPip = [22, 3]

/** @param {NodeJS.ProcessEnv} env */
export const pythonCommand = (env) => env.PYTHON || 'python3'

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ status: number, output: string }>} status -1 when it could not be started
 */
export function run(command, args, { onLine, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = (/** @type {string} */ text) => {
      output = (output + text).slice(-65536)
      for (const line of text.split('\n')) if (line.trim() !== '') onLine?.(line.trim())
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.on('error', (error) => {
      if (error.name === 'AbortError') reject(error)
      else resolve({ status: -1, output: error.message })
    })
    child.on('close', (code) => resolve({ status: code ?? 1, output }))
  })
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the version of a Python that can make the environment; ToolsError otherwise
 */
export async function checkPython(env) {
  const python = pythonCommand(env)
  const asked = await run(python, ['-c', 'import platform, venv; print(platform.python_version())'], { env })
  if (asked.status === -1) {
    throw new ToolsError(
      `${python} was not found. Install Python 3.11 or newer with pip (Debian: apt-get install python3-pip), or set PYTHON to its path.`,
    )
  }
  if (asked.status !== 0) {
    throw new ToolsError(
      `${python} has no venv module. Install it (Debian: apt-get install python3-venv), or set PYTHON to a Python that has it.`,
    )
  }
  const version = asked.output.trim()
  if (older(version, oldestPython)) {
    throw new ToolsError(
      `${python} is Python ${version}; the pinned tools need ${oldestPython.join('.')} or newer. Install one and set PYTHON to its path.`,
    )
  }
  const pip = await run(python, ['-m', 'pip', '--version'], { env })
  if (pip.status !== 0) {
    throw new ToolsError(`${python} has no pip. Install it: apt-get install python3-pip, or ${python} -m ensurepip.`)
  }
  const pipVersion = /pip (\S+)/.exec(pip.output)?.[1] ?? '0'
  if (older(pipVersion, oldestPip)) {
    throw new ToolsError(
      `pip ${pipVersion} is too old; ${oldestPip.join('.')} or newer is needed. Run ${python} -m pip install --upgrade pip.`,
    )
  }
  return version
}

/** @type {readonly [RegExp, string][]} what pip says, what to do */
const knownFailures = [
  [/No space left on device|Errno 28/, 'the disk is full. Free some space, or set XDG_CACHE_HOME to a larger disk.'],
  [
    /name resolution|NewConnectionError|ConnectionError|ProxyError|timed out|Connection (refused|reset)|Network is unreachable|SSLError|CERTIFICATE|Max retries/i,
    'the package index could not be reached. Check the network and proxy (`python3 -m pip config list`); pip’s own settings apply.',
  ],
  [
    /No matching distribution|Could not find a version/,
    'the package index that pip uses does not offer a pinned version for this Python. Check `python3 -m pip config list`, or set PYTHON to another Python (3.11 to 3.13).',
  ],
]

/**
 * @param {string} output what pip printed
 * @param {string} what
 * @returns {ToolsError}
 */
export function explainPip(output, what) {
  const known = knownFailures.find(([pattern]) => pattern.test(output))
  const last = output.trim().split('\n').at(-1) ?? ''
  return new ToolsError(`Cannot install ${what}: ${known?.[1] ?? `pip failed (${last}). Run it again.`}`)
}

/**
 * @param {string} version
 * @param {readonly number[]} oldest
 */
function older(version, oldest) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = oldest
  return major < oldMajor || (major === oldMajor && minor < oldMinor)
}
