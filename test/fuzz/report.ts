/** The report of a fuzz run: kept as JSON after every slice, so that a run goes on where it was interrupted, and shown as a table. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Counts, Tally } from './fuzz.ts'

const counts = z.record(z.string(), z.number())

const reportSchema = z.object({
  seed: z.number(),
  /** Wanted; `files` of them are done. */
  count: z.number(),
  aloneEvery: z.number(),
  node: z.string(),
  /** Of all parts of the run. */
  seconds: z.number(),
  files: z.number(),
  alone: z.number(),
  counts: z.record(z.string(), z.object({ refused: counts, same: z.number(), different: z.number() })),
  findings: z.array(z.object({ file: z.string(), seed: z.number(), what: z.string(), why: z.string() })).readonly(),
})
export type FuzzReport = z.infer<typeof reportSchema>

/** Undefined where there is none. Throws for one of another run. */
export const readReport = async (
  path: string,
  wanted: Pick<FuzzReport, 'seed' | 'count' | 'aloneEvery'>,
): Promise<FuzzReport | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const report = reportSchema.parse(JSON.parse(text))
  const differs = (['seed', 'count', 'aloneEvery'] as const).find((key) => report[key] !== wanted[key])
  if (differs === undefined) return report
  throw new Error(`${path} is of a run whose ${differs} was ${report[differs]}; remove it, or choose another --report`)
}

/** Whole or not at all. */
export const writeReport = async (path: string, report: FuzzReport): Promise<void> => {
  await writeFile(`${path}.new`, `${JSON.stringify(report, null, 2)}\n`)
  await rename(`${path}.new`, path)
}

const formats: readonly (readonly [string, RegExp])[] = [
  ['.h5', /\.h5$/],
  ['.keras', /\.keras$/],
  ['TF.js layers', /^layers-tfjs\.zip$/],
  ['TF.js graph', /-tfjs\.zip$/],
  ['SavedModel', /\.zip$/],
]

const sum = (values: Iterable<number>): number => [...values].reduce((total, one) => total + one, 0)

/** A line for each format, and one for all. */
export const toTable = ({ counts, findings }: Pick<Tally, 'counts' | 'findings'>): string => {
  const formatOf = (file: string): string => formats.find(([, pattern]) => pattern.test(file))?.[0] ?? file
  const line = (title: string, some: readonly Counts[], found: number): string => {
    const refused = sum(some.flatMap((one) => Object.values(one.refused)))
    const [same, different] = [sum(some.map((one) => one.same)), sum(some.map((one) => one.different))]
    const files = refused + same + different + found
    return `| ${[title, files, refused, same, different, found].map((cell) => cell.toLocaleString('en-US')).join(' | ')} |`
  }
  const lines = formats.map(([format]) =>
    line(
      format,
      Object.entries(counts).flatMap(([file, one]) => (formatOf(file) === format ? [one] : [])),
      findings.filter(({ file }) => formatOf(file) === format).length,
    ),
  )
  return [
    '| format | damaged files | refused | accepted as before | accepted as their bytes say | findings |',
    '|---|---:|---:|---:|---:|---:|',
    ...lines,
    line('all', Object.values(counts), findings.length),
  ].join('\n')
}
