#!/usr/bin/env node
// The command `npm test`: lint, native kernels, pinned tools, every vitest project, and one closing line of counts.
// @ts-check
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installAptTool } from './apt.mjs'
import { installTools, showLine } from './install.mjs'
import { findTools, ToolsError } from './sets.mjs'

const help = `Check and test everything.

Usage: npm test -- [--no-lint] [arguments of vitest]

  1. lint: biome and tsc        2. native kernels, built once into the cache
  3. pinned Python tools, once  4. vitest: unit, infra, kernels, e2e
The last line counts: N passed, N failed. A failed step counts as one failed; skipped tests stand above it with their reasons.

  --no-lint   leave out step 1
  --help      show this

Examples:
  npm test
  npm test -- --project unit                 one project; its needs only
  npm test -- --project unit test/unit/data  one folder
  npm run test:infra                         the stacks, with checkov and hadolint, which it installs (350 MB, once)
  node test/tools/install.mjs keras          opt in to the tests against Python Keras (1.6 GB, once)`

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)

/** @typedef {import('./reporter.mjs').Report} Report */

/** @param {string} name @param {string} program path of the program inside its package */
const binary = (name, program) => join(dirname(require.resolve(`${name}/package.json`)), program)

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
let stopped = false
for (const event of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(event, () => {
    stopped = true
    for (const child of running) child.kill(event)
  })
}

/**
 * @param {readonly string[]} args of node
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<boolean>} whether it ended well
 */
function node(args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
    running.add(child)
    child.on('error', reject)
    child.on('close', (code) => {
      running.delete(child)
      resolve(code === 0)
    })
  })
}

/** @param {string} title */
const heading = (title) => console.log(`\n== ${title}`)

/** @returns {Promise<string[]>} what failed */
async function lint() {
  heading('lint')
  const failed = []
  if (!(await node([binary('@biomejs/biome', 'bin/biome'), 'check', '.']))) failed.push('lint: biome check .')
  if (!(await node([binary('typescript', 'bin/tsc'), '-b']))) failed.push('lint: tsc -b')
  return failed
}

/** @returns {Promise<string[]>} what failed */
async function kernels() {
  heading('native kernels')
  return (await node(['layers/tfjs-node/build.mjs'])) ? [] : ['native kernels: npm run build:kernels']
}

/** @returns {Promise<{ failed: string[], environment?: string, chromium?: string }>} */
async function tools() {
  heading('test tools')
  const line = showLine()
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const options = { signal: stopping.signal, onProgress: line.onProgress }
    const { environment } = await installTools('base', options)
    const browser = needsBuilds(args) ? await installAptTool('chromium', options) : {}
    line.stop()
    console.log(environment)
    if ('missing' in browser) console.log(browser.missing)
    return { failed: [], environment, ...('path' in browser && { chromium: browser.path }) }
  } catch (error) {
    line.stop()
    if (!stopped && !(error instanceof ToolsError)) throw error
    return { failed: [`test tools: ${/** @type {Error} */ (error).message}`] }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Report>}
 */
async function vitest(args, env) {
  heading('tests')
  const scratch = mkdtempSync(join(tmpdir(), 'maas-test-'))
  const report = join(scratch, 'report.json')
  const reporters = ['--reporter=default', `--reporter=${fileURLToPath(new URL('reporter.mjs', import.meta.url))}`]
  try {
    const ended = await node([binary('vitest', 'vitest.mjs'), 'run', ...reporters, ...args], {
      ...env,
      MAAS_TEST_REPORT: report,
    })
    const counted = readReport(report)
    if (!ended && counted.failed.length === 0) counted.failed.push('vitest ended with an error; see above')
    return counted
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** @param {string} path @returns {Report} */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: ['vitest did not finish'], skipped: [] }
  }
}

/** @param {Report} report */
function summarize({ passed, failed, skipped }) {
  heading('summary')
  /** @type {Map<string, string[]>} */
  const byReason = new Map()
  for (const { test, reason } of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), test])
  for (const [reason, tests] of byReason) {
    console.log(`skipped ${tests.length}: ${reason}`)
    for (const test of tests.slice(0, 5)) console.log(`  ${test}`)
    if (tests.length > 5) console.log(`  and ${tests.length - 5} more`)
  }
  for (const line of failed) console.log(`failed: ${line}`)
  if (skipped.length > 0) console.log(`${skipped.length} skipped in all`)
  console.log(`${passed} passed, ${failed.length} failed`)
}

/** @param {readonly string[]} args @returns {boolean} whether the projects asked for run native kernels and whole services */
function needsBuilds(args) {
  const projects = args.flatMap((arg, at) =>
    arg === '--project' ? [args[at + 1]] : arg.startsWith('--project=') ? [arg.slice('--project='.length)] : [],
  )
  return projects.length === 0 || projects.some((name) => name !== 'unit' && name !== 'infra')
}

const args = process.argv.slice(2)
if (args.includes('--help') || args.includes('-h')) {
  console.log(help)
} else {
  /** @type {string[]} */
  const failed = []
  const env = { ...process.env }
  if (!args.includes('--no-lint')) failed.push(...(await lint()))
  if (!stopped && needsBuilds(args)) failed.push(...(await kernels()))
  if (!stopped) {
    const installed = await tools()
    failed.push(...installed.failed)
    if (installed.environment !== undefined) env.MAAS_TEST_TOOLS = installed.environment
    if (installed.chromium !== undefined) env.MAAS_CHROMIUM = installed.chromium
  }
  const keras = findTools('keras')
  if (keras !== undefined) env.MAAS_TEST_KERAS = keras
  const rest = args.filter((arg) => arg !== '--no-lint')
  const report = stopped ? { passed: 0, failed: ['stopped by a signal'], skipped: [] } : await vitest(rest, env)
  report.failed.unshift(...failed)
  summarize(report)
  process.exitCode = report.failed.length > 0 ? 1 : 0
}
