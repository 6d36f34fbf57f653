// Runs a child process to its end and keeps what it said: the only place a program is started.
// @ts-check
import { spawn } from 'node:child_process'

/**
 * @typedef {{ status: number, output: string, signal?: string }} Ran `status` is -1 when the program could not be started
 * @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, timeout?: number }} RunOptions
 * @typedef {(command: string, args: readonly string[], options?: RunOptions) => Promise<Ran>} Run
 */

const keptCharacters = 64 * 1024

/** @type {Run} */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = (/** @type {string} */ text) => {
      output = (output + text).slice(-keptCharacters)
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.on('error', (error) => {
      if (error.name === 'AbortError') reject(error)
      else resolve({ status: -1, output: error.message })
    })
    child.on('close', (code, signal) => {
      resolve({ status: code ?? 1, output, ...(signal === null ? {} : { signal }) })
    })
  })
}
