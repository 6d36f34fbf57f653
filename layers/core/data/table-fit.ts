/** What a table's columns mean: the target and its task, and an encoding for each feature. */
import type { TabularPreprocess } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import type { BadFiles } from './bad-files.ts'
import type { CsvTable } from './csv.ts'
import type { ReadDataOptions } from './options.ts'
import type { PartName } from './split.ts'
import type { Table } from './table.ts'
import { type Column, isMissing, toNumber } from './tabular.ts'
import { count, nameSome } from './text.ts'

/** A numeric target with more different values than this is a quantity, not a class. */
const mostInferredClasses = 20
const mostCategories = 1000
const usualTargets = ['target', 'label', 'class', 'y']

export interface TableTarget {
  readonly column: string
  readonly task: 'classification' | 'regression'
  readonly labels: readonly string[]
  /** Class numbers, or the values themselves. */
  readonly values: Int32Array | Float32Array
  /** The rows that have a target, in order. */
  readonly kept: readonly { readonly part: PartName; readonly table: CsvTable; readonly row: number }[]
}

export function readTarget(
  tables: readonly { readonly part: PartName; readonly table: CsvTable }[],
  options: ReadDataOptions,
  bad: BadFiles,
  warnings: string[],
): TableTarget {
  const header = tables[0]?.table.header ?? []
  const column = findTarget(header, options.target ?? options.encoding?.target?.name)
  const index = header.indexOf(column)
  const kept: TableTarget['kept'][number][] = []
  const cells: string[] = []
  for (const { part, table } of tables) {
    for (const [row, values] of table.rows.entries()) {
      const cell = values[index] as string
      if (isMissing(cell)) bad.add(`${table.name}:${table.lines[row]}`, `its target '${column}' is missing`)
      else {
        kept.push({ part, table, row })
        cells.push(cell)
      }
    }
  }
  const task = options.task ?? inferTask(column, cells, warnings)
  if (task === 'regression') {
    const broken = cells.findIndex((cell) => toNumber(cell) === undefined)
    if (broken >= 0) {
      const { table, row } = kept[broken] as (typeof kept)[number]
      throw new InvalidInputError(
        `${table.name} line ${table.lines[row]}: the target '${column}' is '${cells[broken]}'; regression needs numbers. Use task classification for classes.`,
      )
    }
    return { column, task, labels: [], values: Float32Array.from(cells, Number), kept }
  }
  const labels = sortLabels(new Set(cells.filter((_, example) => kept[example]?.part === 'train')))
  checkLabels(column, labels, cells)
  const numberOf = new Map(labels.map((label, number) => [label, number]))
  return { column, task, labels, values: Int32Array.from(cells, (cell) => numberOf.get(cell) as number), kept }
}

function findTarget(header: readonly string[], wanted: string | undefined): string {
  const found =
    wanted ?? usualTargets.map((name) => header.find((column) => column.toLowerCase() === name)).find(Boolean)
  if (found !== undefined && header.includes(found)) return found
  throw new InvalidInputError(
    `${wanted === undefined ? 'Which column is to be predicted is not known' : `There is no column '${wanted}' to predict`}. Set target to one of ${nameSome(header, 50)}.`,
    { param: 'target' },
  )
}

function inferTask(column: string, cells: readonly string[], warnings: string[]): TableTarget['task'] {
  const numbers = cells.map(toNumber)
  const different = new Set(cells).size
  const quantity =
    numbers.every((value) => value !== undefined) &&
    (different > mostInferredClasses || numbers.some((value) => !Number.isInteger(value)))
  warnings.push(
    quantity
      ? `The target '${column}' is a number with ${count(different, 'different value')}: taken as regression. Set task to change it.`
      : `The target '${column}' has ${count(different, 'different value')}: taken as classification. Set task to change it.`,
  )
  return quantity ? 'regression' : 'classification'
}

/** Numbers by size, words by alphabet. */
function sortLabels(labels: ReadonlySet<string>): string[] {
  const all = [...labels]
  return all.every((label) => toNumber(label) !== undefined) ? all.sort((a, b) => Number(a) - Number(b)) : all.sort()
}

function checkLabels(column: string, labels: readonly string[], cells: readonly string[]): void {
  if (labels.length < 2) {
    throw new InvalidInputError(
      `The target '${column}' has one class only, ${nameSome(labels)}: there is nothing to tell apart.`,
    )
  }
  if (labels.length > mostCategories) {
    throw new InvalidInputError(
      `The target '${column}' has ${labels.length} different values; at most ${mostCategories} classes can be told apart. Use task regression, or another target.`,
    )
  }
  const known = new Set(labels)
  const unknown = [...new Set(cells)].filter((cell) => !known.has(cell))
  if (unknown.length === 0) return
  throw new InvalidInputError(`The train part has no row of class ${nameSome(unknown)}, which other parts have.`)
}

/** Statistics and categories come from `train` only, so that nothing of the other parts leaks into the model. */
export function fitColumns(
  { header, rows }: Table,
  target: string,
  train: Uint32Array,
  warnings: string[],
): { readonly columns: Column[]; readonly indices: number[] } {
  const columns: Column[] = []
  const indices: number[] = []
  for (const [index, name] of header.entries()) {
    if (name === target) continue
    const all = rows.map((row) => row[index] as string)
    const seen = Array.from(train, (row) => all[row] as string).filter((cell) => !isMissing(cell))
    if (seen.length === 0) {
      warnings.push(`Column '${name}' has no value in the train part and is left out.`)
      continue
    }
    const missing = all.filter(isMissing).length
    const numeric = all.every((cell) => isMissing(cell) || toNumber(cell) !== undefined)
    if (missing > 0) {
      warnings.push(
        `Column '${name}' misses ${missing} of ${all.length} values; ${numeric ? 'the mean of the train part stands in' : 'they count as no category'}.`,
      )
    }
    columns.push(numeric ? fitNumbers(name, seen, warnings) : fitCategories(name, seen, warnings))
    indices.push(index)
  }
  if (columns.length === 0)
    throw new InvalidInputError(`There is no column to learn from besides the target '${target}'.`)
  return { columns, indices }
}

function fitNumbers(name: string, cells: readonly string[], warnings: string[]): Column {
  const { mean, std } = momentsOf(cells.map(Number))
  if (std === 0) warnings.push(`Column '${name}' is ${cells[0]} in every row of the train part: it tells nothing.`)
  return { name, type: 'number', mean, std: std || 1 }
}

function fitCategories(name: string, cells: readonly string[], warnings: string[]): Column {
  const values = [...new Set(cells)].sort()
  if (values.length > mostCategories) {
    throw new InvalidInputError(
      `Column '${name}' has ${values.length} different texts; at most ${mostCategories} categories are allowed. Remove the column, or group its values.`,
    )
  }
  if (values.length > 20 && values.length > cells.length / 2) {
    warnings.push(
      `Column '${name}' differs in most rows (${values.length} texts in ${cells.length} rows): a name or number of the row teaches nothing; consider removing it.`,
    )
  }
  return { name, type: 'category', values }
}

/** Where the columns of an encoding fitted before stand in this table. */
export function findColumns(header: readonly string[], { columns }: TabularPreprocess): number[] {
  const missing = columns.filter(({ name }) => !header.includes(name)).map(({ name }) => name)
  if (missing.length === 0) return columns.map(({ name }) => header.indexOf(name))
  throw new InvalidInputError(`The table lacks the column ${nameSome(missing)}, which the model was trained on.`)
}

/** Regression targets are standardised by the train part's mean and deviation, and the spec tells how to undo it. */
export function fitTarget(
  { column, task, values }: TableTarget,
  train: Uint32Array,
  fitted?: TabularPreprocess['target'],
): { readonly targets: Int32Array | Float32Array; readonly spec: Pick<TabularPreprocess, 'target'> } {
  if (task === 'classification') return { targets: values, spec: {} }
  const { mean, std } = fitted ?? momentsOf(Array.from(train, (row) => values[row] as number))
  if (std === 0) {
    throw new InvalidInputError(
      `The target '${column}' is ${mean} in every row of the train part: there is nothing to learn.`,
    )
  }
  return {
    targets: Float32Array.from(values, (value) => (value - mean) / std),
    spec: { target: { name: column, mean, std } },
  }
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, std: Math.sqrt(variance) }
}
