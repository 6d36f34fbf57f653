/** Finished parts, joined in order: lines of JSON, or a CSV table. */
import { type TransformFormat, type TransformLine, transformLineSchema } from '../contract/index.ts'
import { MaasError, StorageError } from '../errors.ts'
import type { ObjectStore } from '../store/index.ts'
import type { Part } from './parts.ts'

const columns = ['id', 'label', 'probability', 'prediction', 'error'] as const

/** Spreadsheets run what begins like a formula; names of files come from strangers. */
const cell = (value: unknown): string => {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const csvRow = (line: TransformLine): string => `${columns.map((name) => cell(line[name])).join(',')}\n`

/** StorageError for a damaged part. */
export const linesIn = (body: Uint8Array, key: string): TransformLine[] => {
  try {
    const texts = Buffer.from(body).toString().split('\n').slice(0, -1)
    return texts.map((text) => transformLineSchema.parse(JSON.parse(text)))
  } catch (cause) {
    throw new StorageError(`"${key}" is damaged: it does not hold lines of a transform`, { cause })
  }
}

/** All that is there, a piece for each part. `whole` refuses to leave a part out. */
export async function* joined(
  store: ObjectStore,
  parts: readonly Part[],
  format: TransformFormat,
  whole?: { readonly parts: number },
): AsyncGenerator<Uint8Array> {
  if (whole !== undefined && parts.length !== whole.parts) {
    throw new MaasError('internal', `${whole.parts - parts.length} of ${whole.parts} parts are missing.`)
  }
  if (format === 'text/csv') yield Buffer.from(`${columns.join(',')}\n`)
  for (const { key } of parts) {
    const { body } = await store.get(key)
    yield format === 'text/csv' ? Buffer.from(linesIn(body, key).map(csvRow).join('')) : body
  }
}
