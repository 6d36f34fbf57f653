/** Parses one CSV file into a header and rows, and names the line of whatever is wrong with it. */
import { Readable } from 'node:stream'
import { CsvError, type Info, parse } from 'csv-parse'
import { InvalidInputError } from '../errors.ts'
import { createPace } from './pace.ts'
import { count, nameSome } from './text.ts'

export interface CsvTable {
  readonly name: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** The line each row ends in, from 1. */
  readonly lines: readonly number[]
}

const chunkBytes = 64 * 1024
/** Longer rows are a quote that is never closed. */
const rowCharacters = 1024 * 1024

/** A table whose rows all have the header's length; InvalidInputError names the line of one that has not. */
export async function parseCsv(name: string, bytes: Uint8Array, signal?: AbortSignal | undefined): Promise<CsvTable> {
  const table = await parseRagged(name, bytes, signal)
  const { header, rows, lines } = table
  const ragged = rows.findIndex((row) => row.length !== header.length)
  if (ragged === -1) return table
  throw new InvalidInputError(
    `${name} line ${lines[ragged]} has ${count(rows[ragged]?.length ?? 0, 'value')}; the header has ${count(header.length, 'column')}. Make every line as long as the header.`,
  )
}

/** A table with whatever rows it has: each is its caller's to judge. */
export async function parseRagged(
  name: string,
  bytes: Uint8Array,
  signal?: AbortSignal | undefined,
): Promise<CsvTable> {
  const pace = createPace({ signal })
  const rows: string[][] = []
  const lines: number[] = []
  let header: string[] | undefined
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    trim: true,
    relax_column_count: true,
    delimiter: delimiterOf(bytes),
    max_record_size: rowCharacters,
  })
  try {
    for await (const found of Readable.from(chunksOf(bytes)).pipe(parser)) {
      const { record, info } = found as { readonly record: string[]; readonly info: Info }
      if (header === undefined) {
        header = checkHeader(name, record)
        continue
      }
      rows.push(record)
      lines.push(info.lines)
      if (rows.length % 1024 === 0) await pace.breathe()
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw new InvalidInputError(`${name} cannot be read as CSV: ${cause.message}.`, { cause })
  }
  if (header === undefined || rows.length === 0) {
    throw new InvalidInputError(
      `${name} has no rows. Needed: a line with column names, then one line for each example.`,
    )
  }
  return { name, header, rows, lines }
}

function checkHeader(name: string, header: string[]): string[] {
  const problem = header.includes('')
    ? 'a column without a name'
    : header.length !== new Set(header).size
      ? `column ${nameSome(header.filter((column, index) => header.indexOf(column) !== index))} twice`
      : header.every((column) => Number.isFinite(Number(column)))
        ? 'numbers only, so that it seems to be the first row of values'
        : undefined
  if (problem === undefined) return header
  throw new InvalidInputError(
    `${name} must begin with a line of column names, each different; its first line has ${problem}.`,
  )
}

/** Comma, semicolon or tab, whichever the first line has most of. */
function delimiterOf(bytes: Uint8Array): string {
  const [line = ''] = Buffer.from(bytes.subarray(0, chunkBytes)).toString('utf8').split('\n', 1)
  const candidates = [',', ';', '\t'].map((delimiter) => ({ delimiter, times: line.split(delimiter).length }))
  return candidates.reduce((best, one) => (one.times > best.times ? one : best)).delimiter
}

function* chunksOf(bytes: Uint8Array): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(chunkBytes, bytes.length - start))
  }
}
