/** The command `npm run fuzz`: damages model files and reports what the readers made of them; exit code 1 when anything was found. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'
import { fuzzSources } from './sources.ts'

const help = `Damages model files (h5, keras, TF.js, SavedModel) and checks that each is refused in plain words, or accepted as exactly
what its own bytes say. Findings keep their file; a seed gives the same damage again.

  npm run fuzz -- [--count 10000] [--seed 1] [--parallel CORES] [--hdf5-every 8] [--json FILE]

HDF5 (.h5, .keras) takes a process for each file, so that one file in eight is one.

Examples:
  npm run fuzz
  npm run fuzz -- --count 200 --seed 77`

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: String(availableParallelism()) },
    'hdf5-every': { type: 'string', default: '8' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const whole = (name: 'count' | 'seed' | 'parallel' | 'hdf5-every'): number => {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= 1) return value
  console.error(`--${name}: got ${values[name]}; give a whole number from 1`)
  process.exit(2)
}

if (values.help) {
  console.log(help)
  process.exit(0)
}
const [count, seed, parallel] = [whole('count'), whole('seed'), whole('parallel')]
const folder = await mkdtemp(join(tmpdir(), 'maas-fuzz-'))
const kept = join(folder, 'damaged')
await mkdir(kept)
const started = performance.now()
const seconds = (): number => Math.round((performance.now() - started) / 1000)
let shown = -1
const progress = (done: number): void => {
  const percent = Math.floor((100 * done) / count)
  if (percent === shown) return
  shown = percent
  const left = Math.round((((performance.now() - started) / done) * (count - done)) / 1000)
  const bar = '█'.repeat(Math.floor(percent / 4)).padEnd(25, '░')
  process.stderr.write(
    process.stderr.isTTY
      ? `\r${bar} ${percent} %  ${done}/${count}  ${left} s left `
      : percent % 10 === 0
        ? `${percent} % `
        : '',
  )
}
const tally = await fuzz({
  sources: await fuzzSources(folder),
  count,
  seed,
  folder: kept,
  parallel,
  hdf5Every: whole('hdf5-every'),
  progress,
})
process.stderr.write('\n')
const report = { count, seed, node: process.version, seconds: seconds(), ...tally }
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
const refused = Object.values(tally.refused).reduce((sum, some) => sum + some, 0)
console.log(
  `${tally.files} damaged files in ${report.seconds} s (slowest ${tally.slowest} ms), seed ${seed}; ${tally.sandboxed} of them in a process of their own:`,
)
console.log(`  refused            ${refused}  ${JSON.stringify(tally.refused)}`)
console.log(`  accepted, as before ${tally.same}`)
console.log(`  accepted, and exactly what the damaged bytes say ${tally.different}`)
console.log(`  findings           ${tally.findings.length}`)
for (const { file, seed: own, what, why } of tally.findings.slice(0, 50))
  console.log(`    seed ${own}, ${file}, ${what}: ${why}`)
if (tally.findings.length === 0) await rm(folder, { recursive: true, force: true })
else console.log(`The damaged files are in ${kept}.`)
process.exit(tally.findings.length === 0 ? 0 : 1)
