/** From rows of named values to the vectors a model sees: the one function that training and serving share for tables. */
import type { TabularPreprocess } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import { nameSome } from './text.ts'

export type Column = TabularPreprocess['columns'][number]

/** What tables write where a value is not known. */
const missingWords = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?'])

export const isMissing = (cell: unknown): boolean =>
  cell === null || (typeof cell === 'string' && missingWords.has(cell.trim().toLowerCase()))

/** A finite number, however it is written; undefined for anything else. */
export function toNumber(cell: unknown): number | undefined {
  const number =
    typeof cell === 'number' ? cell : typeof cell === 'string' && cell.trim() !== '' ? Number(cell) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}

export const widthOf = (columns: readonly Column[]): number =>
  columns.reduce((width, column) => width + (column.type === 'number' ? 1 : column.values.length), 0)

/** Writes one cell; false when a category is not one that was trained on (then it stays all zero). */
export function encodeCell(column: Column, cell: unknown, out: Float32Array, at: number): boolean {
  if (column.type === 'number') {
    // A missing number is taken for the mean, which is 0 once standardised.
    out[at] = isMissing(cell) ? 0 : ((toNumber(cell) ?? Number.NaN) - column.mean) / column.std
    return true
  }
  if (isMissing(cell)) return true
  const index = column.values.indexOf(String(cell).trim())
  if (index >= 0) out[at + index] = 1
  return index >= 0
}

/**
 * Encodes rows for a model trained on a table. `null` and words for missing values are taken as training took them.
 *
 * @returns `[rows, width]`, row-major, numbers standardised and categories one-hot in the order of `spec.columns`
 * @throws InvalidInputError that names row and column: absent or unknown columns, numbers that are none, categories that were not trained on
 */
export function encodeRows(rows: readonly Readonly<Record<string, unknown>>[], spec: TabularPreprocess): Float32Array {
  const width = widthOf(spec.columns)
  const out = new Float32Array(rows.length * width)
  const known = new Set([...spec.columns.map((column) => column.name), spec.target?.name])
  for (const [index, row] of rows.entries()) {
    const extra = Object.keys(row).filter((name) => !known.has(name))
    if (extra.length > 0) {
      throw fault(
        index,
        nameSome(extra),
        `is not known. Columns: ${nameSome(
          spec.columns.map((column) => column.name),
          50,
        )}`,
      )
    }
    let at = index * width
    for (const column of spec.columns) {
      encodeGiven(index, column, Object.hasOwn(row, column.name) ? row[column.name] : undefined, out, at)
      at += column.type === 'number' ? 1 : column.values.length
    }
  }
  return out
}

function encodeGiven(index: number, column: Column, cell: unknown, out: Float32Array, at: number): void {
  const name = `'${column.name}'`
  if (cell === undefined) throw fault(index, name, 'is absent. Give a value, or null where it is not known')
  if (typeof cell === 'object' && cell !== null) throw fault(index, name, 'is an object; a number or a text is needed')
  if (column.type === 'number' && !isMissing(cell) && toNumber(cell) === undefined) {
    throw fault(index, name, `is ${JSON.stringify(cell) ?? String(cell)}; a finite number is needed`)
  }
  if (encodeCell(column, cell, out, at) || column.type === 'number') return
  throw fault(
    index,
    name,
    `is ${JSON.stringify(cell)}, which the model was not trained on. Known: ${nameSome(column.values, 20)}`,
  )
}

const fault = (row: number, column: string, what: string): InvalidInputError =>
  new InvalidInputError(`Row ${row}: column ${column} ${what}.`, { param: `instances[${row}]` })
