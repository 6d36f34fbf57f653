/** The inputs of a transform, counted and read in one fixed order whatever holds them: images, tables, or values a line. */
import { createHash } from 'node:crypto'
import type { TransformContentType } from '../contract/index.ts'
import { parseRagged } from '../data/csv.ts'
import { isImagePath, type Source } from '../data/source/index.ts'
import { InvalidInputError } from '../errors.ts'

/** One input: what the model is asked, or why that cannot be had. */
export type TransformItem = { readonly id: string } & (
  | { readonly image: Uint8Array }
  | { readonly instance: unknown }
  | { readonly problem: string }
)

export interface TransformInputs {
  readonly contentType: TransformContentType
  readonly count: number
  /** SHA-256, hex: changes when the inputs or their order do. */
  readonly digest: string
  /** Those inputs whose place, from 0, is wanted; in order. */
  read(wanted: (index: number) => boolean, signal?: AbortSignal): AsyncIterable<readonly [number, TransformItem]>
}

/** A source, and for each of its files what changes when its content does, such as size and time. */
export interface StampedSource {
  readonly source: Source
  readonly stampOf: (path: string) => string
}

/** Largest file with rows, bytes: it is in memory as a whole. */
const tableBytes = 512 * 1024 * 1024

const extensions: Readonly<Record<TransformContentType, (path: string) => boolean>> = {
  'application/x-image': isImagePath,
  'text/csv': (path) => /\.(csv|tsv)$/i.test(path),
  'application/jsonlines': (path) => /\.(jsonl|ndjson)$/i.test(path),
}
const kinds = Object.keys(extensions) as TransformContentType[]

/** InvalidInputError when there is nothing to predict, or when it is not clear what of it. */
export const openInputs = async (
  { source, stampOf }: StampedSource,
  asked: TransformContentType | undefined,
  signal?: AbortSignal,
): Promise<TransformInputs> => {
  const contentType = asked ?? kindOf(source)
  const paths = source.entries.map(({ path }) => path).filter(extensions[contentType])
  if (paths.length === 0) {
    throw new InvalidInputError(`${source.name} holds nothing of ${contentType}; it has ${namesOf(source)}.`, {
      param: 'TransformInput',
    })
  }
  const hash = createHash('sha256').update(contentType)
  for (const path of paths) hash.update(`\0${path}\0${stampOf(path)}`)
  const digest = hash.digest('hex')
  if (contentType === 'application/x-image') {
    return { contentType, digest, count: paths.length, read: (wanted, stop) => readImages(source, paths, wanted, stop) }
  }
  const files = new Map<string, number>()
  for await (const [path, rows] of readRows(source, paths, contentType, signal)) files.set(path, rows.length)
  const count = [...files.values()].reduce((sum, rows) => sum + rows, 0)
  if (count === 0) throw new InvalidInputError(`${source.name} has no rows.`, { param: 'TransformInput' })
  return {
    contentType,
    digest,
    count,
    read: (wanted, stop) => readTables(source, files, contentType, wanted, stop),
  }
}

const kindOf = (source: Source): TransformContentType => {
  const found = kinds.filter((kind) => source.entries.some(({ path }) => extensions[kind](path)))
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  const problem =
    only === undefined ? `holds no images, .csv or .jsonl, only ${namesOf(source)}` : `holds ${found.join(' and ')}`
  throw new InvalidInputError(`${source.name} ${problem}; name one: ${kinds.join(', ')}.`, {
    param: 'TransformInput.ContentType',
  })
}

const namesOf = ({ entries }: Source): string =>
  entries.length === 0
    ? 'no files'
    : `${entries.length} other files, such as ${JSON.stringify(entries[0]?.path.slice(0, 100))}`

async function* readImages(
  source: Source,
  paths: readonly string[],
  wanted: (index: number) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [number, TransformItem]> {
  const places = new Map<string, number>()
  for (const [index, path] of paths.entries()) if (wanted(index)) places.set(path, index)
  for await (const file of source.read((path) => places.has(path), { signal })) {
    const index = places.get(file.path) as number
    yield [index, 'problem' in file ? { id: file.path, problem: file.problem } : { id: file.path, image: file.bytes }]
  }
}

async function* readTables(
  source: Source,
  files: ReadonlyMap<string, number>,
  contentType: TransformContentType,
  wanted: (index: number) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [number, TransformItem]> {
  const starts = new Map<string, number>()
  let start = 0
  for (const [path, rows] of files) {
    starts.set(path, start)
    start += rows
  }
  const some = (path: string): boolean => {
    const from = starts.get(path) ?? 0
    return Array.from({ length: files.get(path) ?? 0 }, (_, row) => from + row).some(wanted)
  }
  const paths = [...files.keys()].filter(some)
  for await (const [path, rows] of readRows(source, paths, contentType, signal)) {
    const from = starts.get(path) ?? 0
    for (const [row, item] of rows.entries()) if (wanted(from + row)) yield [from + row, item]
  }
}

/** All rows of each file. A table as a whole that cannot be read ends the job: how many inputs it has is not known. */
async function* readRows(
  source: Source,
  paths: readonly string[],
  contentType: TransformContentType,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [string, readonly TransformItem[]]> {
  const chosen = new Set(paths)
  for await (const file of source.read((path) => chosen.has(path), { maxBytes: tableBytes, signal })) {
    if ('problem' in file) throw new InvalidInputError(`${file.path}: ${file.problem}`, { param: 'TransformInput' })
    const rows = contentType === 'text/csv' ? tableRows(file.path, file.bytes, signal) : lineRows(file.path, file.bytes)
    yield [file.path, await rows]
  }
}

const tableRows = async (
  path: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<TransformItem[]> => {
  const { header, rows, lines } = await parseRagged(path, bytes, signal)
  return rows.map((row, index) => {
    const id = `${path}:${lines[index]}`
    if (row.length !== header.length) {
      return { id, problem: `the row has ${row.length} values; the header has ${header.length} columns` }
    }
    return { id, instance: Object.fromEntries(header.map((name, at) => [name, row[at]])) }
  })
}

const lineRows = (path: string, bytes: Uint8Array): TransformItem[] =>
  new TextDecoder()
    .decode(bytes)
    .split('\n')
    .flatMap((text, index): TransformItem[] => {
      if (text.trim() === '') return []
      const id = `${path}:${index + 1}`
      try {
        return [{ id, instance: JSON.parse(text) }]
      } catch (error) {
        return [{ id, problem: `the line is not JSON: ${(error as Error).message}` }]
      }
    })
