#!/usr/bin/env node
// Installs a set of pinned Python tools into the cache, once; used by `npm test` and the bench.
// @ts-check
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkPython, explainPip, pythonCommand, run } from './python.mjs'
import { findTools, marker, requirementsPath, setDirectory, sets, ToolsError } from './sets.mjs'

/** @typedef {import('./sets.mjs').SetName} SetName */

/** An environment without a marker that is older than this was left by a killed install. */
const staleMilliseconds = 24 * 3600 * 1000

/**
 * A Python environment knows its own path and cannot be renamed, so each attempt builds one of its own name and the last
 * act is to rename a marker that points at it. Attempts that run at once do not wait for each other: the later one wins.
 *
 * @param {SetName} name
 * @param {{ env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, onProgress?: (text: string) => void, force?: boolean }} [options]
 * @returns {Promise<{ environment: string, made: boolean }>} the environment's path
 */
export async function installTools(name, { env = process.env, signal, onProgress = () => {}, force = false } = {}) {
  const found = findTools(name, env)
  // The interpreter is a link to the one it was made with: gone or broken after a Python upgrade.
  if (!force && found && (await run(join(found, 'bin', 'python'), ['-c', ''], { env, signal })).status === 0) {
    return { environment: found, made: false }
  }
  const python = await checkPython(env)
  const { title, size } = sets[name]
  const directory = setDirectory(name, env)
  const folder = `environment-${randomBytes(4).toString('hex')}`
  const environment = join(directory, folder)
  try {
    mkdirSync(directory, { recursive: true })
    sweep(directory, found)
    onProgress(`${title}: making a Python ${python} environment (about ${size})`)
    const made = await run(pythonCommand(env), ['-m', 'venv', '--without-pip', environment], { env, signal })
    if (made.status !== 0) throw explainPip(made.output, title)
    const installed = await run(
      pythonCommand(env),
      [
        ...['-m', 'pip', '--python', join(environment, 'bin', 'python'), 'install', '--no-input'],
        ...['--disable-pip-version-check', '--progress-bar', 'off', '--requirement', requirementsPath(name)],
      ],
      { env: { ...env, PIP_REQUIRE_VIRTUALENV: '0' }, signal, onLine: (line) => tell(line, title, onProgress) },
    )
    if (installed.status !== 0) throw explainPip(installed.output, title)
    const unfinished = join(directory, `${folder}.json`)
    writeFileSync(unfinished, `${JSON.stringify({ environment: folder, python })}\n`)
    renameSync(unfinished, join(directory, marker))
    return { environment, made: true }
  } catch (error) {
    rmSync(environment, { recursive: true, force: true })
    if (error instanceof ToolsError || signal?.aborted) throw error
    throw new ToolsError(
      `Cannot write ${directory}: ${/** @type {Error} */ (error).message}. Set XDG_CACHE_HOME to a folder that can be written.`,
    )
  }
}

/**
 * @param {string} line what pip printed
 * @param {string} title
 * @param {(text: string) => void} onProgress
 */
function tell(line, title, onProgress) {
  const collected = /^Collecting ([^\s(=]+)/.exec(line)?.[1]
  if (collected !== undefined) onProgress(`${title}: fetching ${collected}`)
  else if (line.startsWith('Installing collected')) onProgress(`${title}: unpacking`)
}

/**
 * @param {string} directory
 * @param {string | undefined} current
 */
function sweep(directory, current) {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (name === marker || path === current || !existsSync(path)) continue
    if (Date.now() - statSync(path).mtimeMs > staleMilliseconds) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * One line that changes on a terminal, and elsewhere one line per thing of note.
 * @param {NodeJS.WriteStream} [stream]
 */
export function showLine(stream = process.stderr) {
  let last = ''
  return {
    /** @param {string} text */
    onProgress(text) {
      if (stream.isTTY) stream.write(`\r\x1b[K${text.slice(0, (stream.columns ?? 80) - 1)}`)
      else if (!text.includes('fetching') && text !== last) stream.write(`${text}\n`)
      last = text
    },
    stop() {
      if (stream.isTTY && last !== '') stream.write('\r\x1b[K')
    },
  }
}

const help = `Install pinned Python test tools into the cache ($XDG_CACHE_HOME/maas/tools, default ~/.cache/maas/tools).

Usage: node test/tools/install.mjs [SET] [options]

  SET        base (default): ${sets.base.title}, ${sets.base.size}
             keras: ${sets.keras.title}, ${sets.keras.size}
             checks: ${sets.checks.title}, ${sets.checks.size}
             conformance: ${sets.conformance.title}, ${sets.conformance.size}
  --force    install again although the cache holds it
  --json     print {"environment", "made"} on standard output
  --help     show this

Prints the environment's path. PYTHON names the interpreter (default python3); pip's own settings (index, proxy) apply.`

async function main() {
  let parsed
  try {
    parsed = parseArgs({
      options: { force: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message.split('. ')[0]}. See --help.`)
    process.exitCode = 2
    return
  }
  const { values, positionals } = parsed
  if (values.help) return console.log(help)
  const name = positionals[0] ?? 'base'
  if (positionals.length > 1 || !Object.hasOwn(sets, name)) {
    console.error(
      `There is no set "${positionals.join(' ')}"; allowed are ${Object.keys(sets).join(', ')}. See --help.`,
    )
    process.exitCode = 2
    return
  }
  const stopping = new AbortController()
  for (const event of ['SIGINT', 'SIGTERM']) process.once(event, () => stopping.abort())
  const line = showLine()
  try {
    const result = await installTools(/** @type {SetName} */ (name), {
      signal: stopping.signal,
      onProgress: line.onProgress,
      force: values.force === true,
    })
    line.stop()
    console.log(values.json ? JSON.stringify(result) : result.environment)
  } catch (error) {
    line.stop()
    if (stopping.signal.aborted) console.error('Stopped; nothing half-made was kept.')
    else if (error instanceof ToolsError) console.error(error.message)
    else throw error
    process.exitCode = stopping.signal.aborted ? 130 : 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
