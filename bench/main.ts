/** Runs the parts asked for, prints their tables, and after a full run writes docs/performance.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installNode, installPython, makeFixtures } from './install.ts'
import { describeMachine } from './machine.ts'
import { makeRegistry } from './ours.ts'
import { cold } from './parts/cold.ts'
import { data } from './parts/data.ts'
import { growth } from './parts/growth.ts'
import { http } from './parts/http.ts'
import { imports } from './parts/import.ts'
import { memory } from './parts/memory.ts'
import { predict } from './parts/predict.ts'
import { start } from './parts/start.ts'
import { training } from './parts/training.ts'
import { transform } from './parts/transform.ts'
import { tutorial } from './parts/tutorial.ts'
import { type Report, type Section, toMarkdown } from './report.ts'
import { sectionOf, withSection } from './section.ts'
import { type Bench, type Part, type Row, Unavailable } from './types.ts'

const parts: readonly Part[] = [
  data,
  training,
  predict,
  transform,
  imports,
  start,
  cold,
  http,
  growth,
  memory,
  tutorial,
]
/** Parts that take so long that they are measured on request only. */
const long: readonly Part[] = [tutorial]

const help = `Measure maas side by side with its peers, on this machine, in one run.

Usage: npm run bench -- [options]

  --part PARTS     comma-separated: ${parts.map(({ name }) => name).join(', ')} (default: all but ${long.map(({ name }) => name).join(', ')})
  --long           ${long.map(({ name }) => name).join(', ')} too: some ten minutes more
  --rounds N       interleaved rounds whose median counts (default 5)
  --quick          2 short rounds: shows that everything runs, not how fast
  --data FILE      image-folder archive of the data part (default ../shared/data/cifar10.zip)
  --json           print the rows with every round as JSON on standard output
  --help           show this

A full run (no --part, no --quick) writes docs/performance.md; others only print. Peers are installed into
$XDG_CACHE_HOME/maas (2 GB, once); one that cannot be had is left out and the reason said.`

class UsageError extends Error {}

function readOptions() {
  let values: ReturnType<typeof parse>
  try {
    values = parse()
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error))
  }
  const usual = values.long ? parts : parts.filter((part) => !long.includes(part))
  const names = values.part?.split(',') ?? usual.map(({ name }) => name)
  const unknown = names.find((name) => !parts.some((part) => part.name === name))
  if (unknown !== undefined) {
    throw new UsageError(`--part names "${unknown}"; allowed are ${parts.map(({ name }) => name).join(', ')}`)
  }
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new UsageError(`--rounds is "${values.rounds}"; allowed are whole numbers from 1 to 100`)
  }
  return {
    help: values.help === true,
    json: values.json === true,
    quick: values.quick === true,
    full: values.part === undefined && values.quick !== true,
    chosen: parts.filter(({ name }) => names.includes(name)),
    rounds,
    data: values.data ?? fileURLToPath(new URL('../../shared/data/cifar10.zip', import.meta.url)),
  }
}

const parse = () =>
  parseArgs({
    options: {
      part: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean' },
      long: { type: 'boolean' },
      data: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values

/** Peers are installed when the first part asks for them, and only once. */
function prepare(options: ReturnType<typeof readOptions>): Bench {
  const { progress } = line()
  const lazily = <T>(text: string, make: () => Promise<T>) => {
    let made: Promise<T> | undefined
    return () => {
      if (made === undefined) progress(text)
      made ??= make()
      return made
    }
  }
  const python = lazily('installing the Python peers (1.6 GB, once)', installPython)
  const fixtures = lazily('making the model and its inputs', async () => makeFixtures(await python()))
  return {
    rounds: options.rounds,
    quick: options.quick,
    data: options.data,
    python,
    node: lazily('installing the Node peers (330 MB, once)', installNode),
    fixtures,
    registry: lazily('pushing the model into a registry', async () => makeRegistry(await fixtures())),
    progress,
  }
}

/** One line that changes on a terminal, lines elsewhere. */
function line(stream = process.stderr) {
  const start = Date.now()
  if (stream.isTTY) process.on('exit', () => stream.write('\r\x1b[K'))
  return {
    progress(text: string) {
      const shown = `${Math.round((Date.now() - start) / 1000)} s  ${text}`
      stream.write(stream.isTTY ? `\r\x1b[K${shown.slice(0, (stream.columns ?? 80) - 1)}` : `${shown}\n`)
    },
  }
}

/** A part whose means are missing altogether has one row that says so. */
async function rowsOf(run: Part['run'], bench: Bench, what: string): Promise<readonly Row[]> {
  try {
    return await run(bench)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    return [{ what, unit: 'ms', results: [{ name: 'maas', skipped: error.message }] }]
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options.help) return console.log(help)
  const bench = prepare(options)
  const machine = describeMachine()
  const sections: Section[] = []
  for (const { run, ...part } of options.chosen) sections.push({ part, rows: await rowsOf(run, bench, part.title) })
  const date = new Date().toISOString().slice(0, 10)
  const report: Report = { date, rounds: options.rounds, quick: options.quick, machine, sections }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  console.log(options.json ? JSON.stringify(report, null, 2) : toMarkdown(report))
  if (options.full) {
    const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
    mkdirSync(fileURLToPath(new URL('../docs', import.meta.url)), { recursive: true })
    // `npm run test:load` writes its own section there.
    const load = existsSync(page) ? sectionOf(readFileSync(page, 'utf8'), 'Under load') : undefined
    const fresh = toMarkdown(report)
    writeFileSync(page, load === undefined ? fresh : withSection(fresh, 'Under load', load.replace(/^## .*\n/, '')))
    console.error('Written: docs/performance.md')
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code))
try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}. See --help.`)
  process.exitCode = 2
}
