/** The command `npm run fuzz`: damages model files and reports what the readers made of them; exit code 1 when anything was found. */
import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz, noFiles, plus } from './fuzz.ts'
import { readReport, toTable, writeReport } from './report.ts'
import { fuzzSources } from './sources.ts'

const help = `Damages model files (h5, keras, TF.js, SavedModel) and checks that each is refused in plain words, or accepted as exactly
what its own bytes say. Findings keep their file; a seed gives the same damage again.

  npm run fuzz -- [--count 10000] [--seed 1] [--alone-every 50] [--parallel CORES] [--report FILE]

HDF5 (.h5, .keras) is read by processes that take one file after the other. One file in --alone-every is also read as it
would be, in a process of its own, and both must agree. With --report the figures are kept after every 250 files, and the
same command goes on where it was interrupted.

Examples:
  npm run fuzz
  npm run fuzz -- --count 200 --seed 77
  npm run fuzz -- --report /tmp/fuzz.json`

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: String(availableParallelism()) },
    'alone-every': { type: 'string', default: '50' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const whole = (name: 'count' | 'seed' | 'parallel' | 'alone-every'): number => {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= 1) return value
  console.error(`--${name}: got ${values[name]}; give a whole number from 1`)
  process.exit(2)
}

if (values.help) {
  console.log(help)
  process.exit(0)
}
const [count, seed, parallel, aloneEvery] = [whole('count'), whole('seed'), whole('parallel'), whole('alone-every')]
const { report: path } = values
const slice = 250
const folder = join(tmpdir(), `maas-fuzz-${seed}`)
await mkdir(folder, { recursive: true })

const about = { seed, count, aloneEvery, node: process.version }
const known = path === undefined ? undefined : await readReport(path, about)
let report = { ...about, seconds: 0, ...noFiles, ...known }
const before = report
const started = performance.now()

let shown = -1
const progress = (done: number): void => {
  const percent = Math.floor((100 * done) / count)
  if (percent === shown) return
  shown = percent
  const perFile = (performance.now() - started) / (done - before.files)
  const left = `${Math.round((perFile * (count - done)) / 1000)} s left`
  const bar = '█'.repeat(Math.floor(percent / 4)).padEnd(25, '░')
  if (process.stderr.isTTY) process.stderr.write(`\r${bar} ${percent} %  ${done}/${count}  ${left} `)
  else if (percent % 10 === 0) process.stderr.write(`${percent} % (${left})\n`)
}

const sources = await fuzzSources()
while (report.files < count) {
  const done = report.files
  const tally = await fuzz(sources, {
    seed: seed + done,
    count: Math.min(slice, count - done),
    folder,
    parallel,
    aloneEvery,
    progress: (more) => progress(done + more),
  })
  report = {
    ...about,
    ...plus(report, tally),
    seconds: Math.round(before.seconds + (performance.now() - started) / 1000),
  }
  if (path !== undefined) await writeReport(path, report)
}
if (process.stderr.isTTY) process.stderr.write('\n')
const { files, alone, findings, seconds } = report
console.log(`${files} damaged files in ${seconds} s, seed ${seed}; ${alone} of them also in a process of their own.\n`)
console.log(toTable(report))
for (const { file, seed: own, what, why } of findings.slice(0, 50))
  console.log(`\nseed ${own}, ${file}, ${what}: ${why}`)
if (findings.length === 0) await rm(folder, { recursive: true, force: true })
else console.log(`\nThe damaged files are in ${folder}.`)
process.exit(findings.length === 0 ? 0 : 1)
