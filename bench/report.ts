/** Turns measured rows into the table a person reads and into `docs/performance.md`. */
import type { Machine } from './machine.ts'
import { type Measured, type Part, type Row, ratio, type Skipped } from './types.ts'

export interface Section {
  readonly part: Pick<Part, 'name' | 'title' | 'method'>
  readonly rows: readonly Row[]
}

export interface Report {
  readonly date: string
  readonly rounds: number
  readonly quick: boolean
  readonly machine: Machine
  readonly sections: readonly Section[]
}

const intro = `# Performance

Written by \`npm run bench\`; do not edit. All numbers of a row were taken in the same run on the same machine, with the
same weights and the same inputs, in interleaved rounds; each is the median of the rounds. In brackets: how many times
better ours is (for rates ours / theirs, for times and memory theirs / ours), so above 1 we are ahead.`

/** Empty when nobody else was at work. */
export const busyText = ({ load }: Pick<Machine, 'load'>): string =>
  load > 0.2 ? ` **The machine was busy: load ${load.toFixed(1)} a core before the start.**` : ''

/** The whole page. */
export function toMarkdown(report: Report): string {
  const { machine } = report
  return `${[
    intro,
    `${report.date}, ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, ${report.rounds} rounds${report.quick ? ' (quick)' : ''}.${busyText(machine)}`,
    ...report.sections.map(sectionMarkdown),
    versions(report.sections),
  ].join('\n\n')}\n`
}

function sectionMarkdown({ part, rows }: Section): string {
  const names = [...new Set(rows.flatMap((row) => row.results.map(({ name }) => name)))]
  const targets = rows.some((row) => row.targets !== undefined || row.limit !== undefined)
  const head = ['', ...names, ...(targets ? ['target'] : [])]
  const lines = rows.map((row) => [
    `${row.what}, ${row.unit}`,
    ...names.map((name) => cell(row, name)),
    ...(targets ? [target(row)] : []),
  ])
  const table = [head, head.map((_, i) => (i === 0 || (targets && i === head.length - 1) ? '---' : '---:')), ...lines]
  const reasons = new Set(
    rows.flatMap((row) => row.results.flatMap((one) => ('skipped' in one ? [`- ${one.name}: ${one.skipped}`] : []))),
  )
  const missing = reasons.size > 0 ? `\n\nNot measured:\n${[...reasons].join('\n')}` : ''
  return `## ${part.title}\n\n${part.method}\n\n${table.map((line) => `| ${line.join(' | ')} |`).join('\n')}${missing}`
}

const isMeasured = (result: Measured | Skipped | undefined): result is Measured =>
  result !== undefined && 'value' in result

function cell(row: Row, name: string): string {
  const result = row.results.find((one) => one.name === name)
  if (!isMeasured(result)) return '—'
  const ours = row.results[0]
  if (result === ours) return `**${format(result.value)}**`
  return isMeasured(ours)
    ? `${format(result.value)} (${ratio(row.unit, ours.value, result.value).toFixed(2)}x)`
    : format(result.value)
}

/** Each target, and whether this run met it. */
function target({ targets = {}, limit, results, unit }: Row): string {
  const ours = results[0]
  const absolute =
    limit === undefined || !isMeasured(ours) ? [] : [`${limit} ${unit}: ${ours.value <= limit ? 'met' : 'missed'}`]
  const relative = Object.entries(targets).map(([name, wanted]) => {
    const theirs = results.find((one) => one.name === name)
    if (!isMeasured(ours) || !isMeasured(theirs)) return `${wanted}x ${name}`
    return `${wanted}x ${name}: ${ratio(unit, ours.value, theirs.value) >= wanted ? 'met' : 'missed'}`
  })
  return [...absolute, ...relative].join('; ')
}

/** Three digits that matter. */
const format = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)

function versions(sections: readonly Section[]): string {
  const seen = new Map<string, Readonly<Record<string, string>>>()
  for (const { rows } of sections) {
    for (const result of rows.flatMap((row) => row.results))
      if (isMeasured(result)) seen.set(result.name, result.versions)
  }
  const lines = [...seen].map(
    ([name, all]) =>
      `- ${name}: ${Object.entries(all)
        .map(([tool, version]) => `${tool} ${version}`)
        .join(', ')}`,
  )
  return `## Versions\n\n${lines.join('\n')}`
}
