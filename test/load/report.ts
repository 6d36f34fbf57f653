/** What the load showed, as the section of docs/performance.md. */
import type { Machine } from '../../bench/machine.ts'
import { busyText } from '../../bench/report.ts'
import { percentile } from '../../bench/stats.ts'
import type { Siege } from './hostile.ts'
import { growth, type MemorySamples } from './memory.ts'
import type { Tally } from './traffic.ts'

export interface LoadReport {
  readonly date: string
  readonly machine: Pick<Machine, 'cores' | 'cpu' | 'load'>
  readonly connections: number
  readonly seconds: number
  readonly tally: Tally
  /** Milliseconds that each move of the alias took. */
  readonly moves: readonly number[]
  /** A sample a second. */
  readonly memory: MemorySamples
  readonly sieges: readonly Siege[]
}

const round = (value: number): string => (value >= 100 ? Math.round(value).toString() : value.toPrecision(3))
const count = (value: number): string => value.toLocaleString('en-US')

export const loadSection = ({
  date,
  machine,
  tally,
  moves,
  connections,
  seconds,
  sieges,
  memory,
}: LoadReport): string => {
  const all = [...tally.times.values()].flat()
  const lineOf = (name: string, times: readonly number[]): string => {
    const at = [0.5, 0.95, 0.99, 1].map((share) => round(percentile(times, share)))
    return `| ${[name, count(times.length), round(times.length / seconds), ...at].join(' | ')} |`
  }
  const rows = [...tally.times].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, times]) => lineOf(name, times))
  const held = (samples: readonly number[]) =>
    `${Math.round(samples[Math.floor(samples.length / 3)] ?? 0)} MB after a third, ${Math.round(samples.at(-1) ?? 0)} MB at the end`
  const grown = Math.max(0, ...[...memory.each.values()].filter(({ length }) => length >= 15).map(growth))
  const statuses = [...tally.statuses].toSorted(([a], [b]) => b.localeCompare(a))
  const sieged = sieges.map(({ name, probes, medianMs, slowestMs, ended, faults }) =>
    [name, count(ended), count(probes), round(medianMs), round(slowestMs), faults.length].join(' | '),
  )
  return `Written by \`npm run test:load -- --write\`, ${date}, ${machine.cores} cores of ${machine.cpu}, load generator and service on the same ones.${busyText(machine)} ${connections} connections ask without a pause for ${seconds} s. Meanwhile an alias moves every second, one move after the other (${moves.length} times through four versions, p50 ${round(percentile(moves, 0.5))} ms), the largest process of a model is killed after a third of the time, and every hundredth request goes to a model whose weights are damaged. Every answer is compared with what its version answers alone (1e-5), and its version with what the alias meant from a second before the request until the answer: ${tally.faults.length} faults. Statuses: ${statuses.map(([status, times]) => `${status} ${count(times)} times`).join('; ')}. Every 503 says when to try again.

Anonymous memory: front process ${held(memory.front)}; processes of models together ${held(memory.models)}; the last third of the time holds ${round(growth(memory.front))} MB more than the second in front, at most ${round(grown)} MB more in one process of a model.

| answered | requests | requests/s | p50, ms | p95, ms | p99, ms | slowest, ms |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}
${lineOf('all', all)}

Then come callers that mean no good, while two well-behaved ones ask for a prediction every 20 ms: one over a new connection each time, one over its own.

| while there are | of them ended by the service | answers to the well-behaved | p50, ms | slowest, ms | failed |
| --- | ---: | ---: | ---: | ---: | ---: |
${sieged.map((line) => `| ${line} |`).join('\n')}`
}
