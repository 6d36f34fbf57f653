/** Reads tables: finds the target, decides the task, splits, and fits the encoding on the train part alone. */
import { hash } from 'node:crypto'
import { InvalidInputError } from '../errors.ts'
import { BadFiles } from './bad-files.ts'
import { type CsvTable, parseCsv } from './csv.ts'
import type { LocatedSource } from './image-layout.ts'
import type { ReadDataDeps, ReadDataOptions } from './options.ts'
import { type Examples, takeParts } from './parts.ts'
import { Fingerprint, type ReadResult } from './result.ts'
import { extensionOf } from './source/index.ts'
import { type PartName, splitExamples } from './split.ts'
import { findColumns, fitColumns, fitTarget, readTarget } from './table-fit.ts'
import { encodeCell, widthOf } from './tabular.ts'
import { nameSome } from './text.ts'

/** One table after another, with equal columns. */
export interface Table {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const tableBytes = 1024 ** 3

export async function readTables(
  located: readonly LocatedSource[],
  options: ReadDataOptions,
  deps: ReadDataDeps,
): Promise<ReadResult> {
  const fingerprint = new Fingerprint()
  const bad = new BadFiles(options.maxBadFiles)
  const warnings: string[] = []
  const tables: { readonly part: PartName; readonly table: CsvTable }[] = []
  for (const one of located) {
    for (const { part, name, bytes } of await readFiles(one, options)) {
      const table = await parseCsv(name, bytes, options.signal)
      fingerprint.add(part, hash('sha256', bytes))
      tables.push({ part, table: withColumnsOf(tables[0]?.table, table) })
    }
  }
  const header = tables[0]?.table.header ?? []
  const target = readTarget(tables, options, bad, warnings)
  const rows = target.kept.map(({ table, row }) => table.rows[row] as readonly string[])
  const split = splitExamples(
    target.kept.map(({ part }) => part),
    target.task === 'classification' ? target.values : new Uint8Array(rows.length),
    options,
  )
  const { encoding } = options
  const { columns, indices } =
    encoding === undefined
      ? fitColumns({ header, rows }, target.column, split.parts.train, warnings)
      : { columns: encoding.columns, indices: findColumns(header, encoding) }
  const scale = fitTarget(target, split.parts.train, encoding?.target)
  const unseen = new Map<string, number>()
  const lineOf = (example: number): string => {
    const { table, row } = target.kept[example] as (typeof target.kept)[number]
    return `${table.name}:${table.lines[row]}`
  }
  const examples: Examples = {
    rowShape: [widthOf(columns)],
    bytes: false,
    targets: scale.targets,
    copyRow: (example, out, at) => {
      let to = at
      for (const [index, column] of columns.entries()) {
        const cell = rows[example]?.[indices[index] as number]
        if (!encodeCell(column, cell, out as Float32Array, to)) {
          unseen.set(column.name, (unseen.get(column.name) ?? 0) + 1)
        }
        // Only with an encoding fitted elsewhere: here a column with such a cell would have become a category.
        if (Number.isNaN(out[to])) {
          throw new InvalidInputError(
            `${lineOf(example)}: column '${column.name}' is '${cell}'; it was a number in training.`,
          )
        }
        to += column.type === 'number' ? 1 : column.values.length
      }
    },
    sourceOf: lineOf,
  }
  const parts = await takeParts(examples, split.parts, { ...options, memoryBytes: deps.memoryBytes })
  for (const [column, times] of unseen) {
    warnings.push(
      `Column '${column}' has ${times} values outside the train part that the train part lacks; they count as unknown.`,
    )
  }
  return {
    format: 'csv',
    task: target.task,
    labels: target.labels,
    parts,
    bad,
    warnings,
    preprocess: { kind: 'tabular', columns, ...scale.spec },
    fingerprint: fingerprint.hex(),
    split: split.description,
  }
}

/** One file, or files named after the parts. */
async function readFiles({ part: given, source }: LocatedSource, options: ReadDataOptions) {
  const paths = source.entries.map((entry) => entry.path).filter((path) => ['csv', 'tsv'].includes(extensionOf(path)))
  const partOf = (path: string): PartName | undefined => {
    if (paths.length === 1) return given
    const name = /([^/]+)\.[^.]+$/.exec(path)?.[1]?.toLowerCase()
    if (name === 'train' || name === 'test' || name === 'validation') return name
    return name === 'val' || name === 'valid' ? 'validation' : undefined
  }
  if (!paths.some((path) => partOf(path) === given)) {
    throw new InvalidInputError(
      `${source.name} holds ${nameSome(paths)}, none of which is ${given}.csv. Give one file, or name them train.csv, validation.csv and test.csv.`,
    )
  }
  const wanted = (path: string) =>
    paths.includes(path) && (given === 'train' ? partOf(path) !== undefined : partOf(path) === given)
  const files: { part: PartName; name: string; bytes: Uint8Array }[] = []
  for await (const file of source.read(wanted, { ...options, maxBytes: tableBytes })) {
    if ('problem' in file) throw new InvalidInputError(`${source.name}: ${file.path}: ${file.problem}.`)
    files.push({ part: partOf(file.path) as PartName, name: file.path, bytes: file.bytes })
  }
  const order: readonly PartName[] = ['train', 'validation', 'test']
  return files.sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part))
}

/** The same columns in the order of the first table. */
function withColumnsOf(first: CsvTable | undefined, table: CsvTable): CsvTable {
  if (first === undefined) return table
  const missing = first.header.filter((column) => !table.header.includes(column))
  const extra = table.header.filter((column) => !first.header.includes(column))
  if (missing.length + extra.length > 0) {
    throw new InvalidInputError(
      `${table.name} has other columns than ${first.name}: ${missing.length > 0 ? `it lacks ${nameSome(missing)}` : `it also has ${nameSome(extra)}`}.`,
    )
  }
  const order = first.header.map((column) => table.header.indexOf(column))
  return { ...table, header: first.header, rows: table.rows.map((row) => order.map((index) => row[index] as string)) }
}
