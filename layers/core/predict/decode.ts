/** TensorFlow Serving request bodies into prediction input; every refusal names the element, what it held and what is allowed. */
import { type NamedTensors, shown, type TensorSpec } from '@maas/core/contract'
import { InvalidInputError, TooLargeError } from '@maas/core/errors'
import { encodedImage } from './image-source.ts'
import { readTensor } from './nested.ts'
import type { PredictInput, ServedModel } from './types.ts'

/** `row`: one entry per example in, `predictions` out. `column`: whole batches by name in, `outputs` out. */
export type Form = 'row' | 'column'

export interface PredictRequest {
  readonly signature_name?: string | undefined
  readonly instances?: readonly unknown[] | undefined
  readonly inputs?: unknown
}

type Fields = Readonly<Record<string, unknown>>

export const decodePredict = (
  request: PredictRequest,
  model: ServedModel,
  maxRows: number,
): { readonly form: Form; readonly input: PredictInput } => {
  const row = request.instances !== undefined
  if (row === (request.inputs !== undefined)) {
    const got = row ? 'both' : 'neither'
    throw new InvalidInputError(
      `Give exactly one of "instances" (a list with one entry per example) and "inputs" (whole batches); got ${got}.`,
    )
  }
  return row
    ? { form: 'row', input: decodeRows(request.instances ?? [], model, maxRows, 'instances') }
    : { form: 'column', input: decodeColumns(request.inputs, model, maxRows) }
}

/**
 * One entry per example: a value for the only input, an object of values by input name, `{"b64": …}` for an encoded
 * image, or an object of columns for a model of tables.
 */
export const decodeRows = (rows: readonly unknown[], model: ServedModel, maxRows: number, at: string): PredictInput => {
  checkCount(rows.length, maxRows, at)
  const { preprocess, signature } = model
  if (preprocess.kind === 'image') {
    const encoded = rows.map((row) => imageText(row, signature.inputs))
    const first = encoded.findIndex((text) => text !== undefined)
    if (first !== -1) {
      return {
        kind: 'images',
        images: encoded.map((text, index) => {
          if (text === undefined) {
            throw invalid(
              `${at}[${index}]`,
              `got ${shown(rows[index])}; ${at}[${first}] is an encoded image, so all must be`,
            )
          }
          return encodedImage(text, `${at}[${index}]`)
        }),
      }
    }
  }
  if (preprocess.kind === 'tabular' && rows.some((row) => isTableRow(row, signature.inputs))) {
    return {
      kind: 'rows',
      rows: rows.map((row, index) => {
        if (!isFields(row))
          throw invalid(`${at}[${index}]`, `got ${shown(row)}; a table row is an object by column name`)
        return row
      }),
    }
  }
  const tensors = signature.inputs.map((spec) => {
    const values = rows.map((row, index) => bareText(inputOf(row, spec, signature.inputs, `${at}[${index}]`), spec))
    return [spec.name, readTensor(values, spec, at, isFields(rows[0]) ? `.${spec.name}` : '')] as const
  })
  return { kind: 'tensors', tensors: Object.fromEntries(tensors) }
}

const decodeColumns = (inputs: unknown, model: ServedModel, maxRows: number): PredictInput => {
  const { preprocess, signature } = model
  const [only] = signature.inputs
  const named = isFields(inputs) && !isBytes(inputs)
  if (!named && signature.inputs.length > 1) {
    throw invalid('inputs', `got ${shown(inputs)}; this model takes an object with ${names(signature.inputs)}`)
  }
  const columns: Fields = named ? inputs : { [only?.name ?? '']: inputs }
  const isInput = (name: string) => signature.inputs.some((spec) => spec.name === name)
  if (preprocess.kind === 'tabular' && named && !Object.keys(columns).every(isInput)) {
    return decodeRows(transpose(columns, maxRows), model, maxRows, 'inputs')
  }
  checkNames(columns, signature.inputs, 'inputs')
  const batches = signature.inputs.map((spec) => {
    const at = named ? `inputs.${spec.name}` : 'inputs'
    const batch = columns[spec.name]
    if (!Array.isArray(batch)) throw invalid(at, `got ${shown(batch)}; column form takes the whole batch as a list`)
    checkCount(batch.length, maxRows, at)
    return { spec, at, batch: batch as readonly unknown[] }
  })
  const [lead] = batches
  for (const { at, batch } of batches) {
    if (batch.length !== lead?.batch.length) {
      throw invalid(
        at,
        `got ${batch.length} examples; ${lead?.at} has ${lead?.batch.length}, and all inputs need as many`,
      )
    }
  }
  if (preprocess.kind === 'image' && lead?.batch.some(isBytes)) return decodeRows(lead.batch, model, maxRows, lead.at)
  const tensors: NamedTensors = Object.fromEntries(
    batches.map(({ spec, at, batch }) => [
      spec.name,
      readTensor(
        batch.map((value) => bareText(value, spec)),
        spec,
        at,
      ),
    ]),
  )
  return { kind: 'tensors', tensors }
}

/** Columns by name into rows: `{a: [1, 2]}` → `[{a: 1}, {a: 2}]`. */
const transpose = (columns: Fields, maxRows: number): Fields[] => {
  const entries = Object.entries(columns).map(([name, values]) => {
    if (!Array.isArray(values))
      throw invalid(`inputs.${name}`, `got ${shown(values)}; column form takes the whole column as a list`)
    return [name, values as readonly unknown[]] as const
  })
  const [lead] = entries
  const count = lead?.[1].length ?? 0
  checkCount(count, maxRows, 'inputs')
  for (const [name, values] of entries) {
    if (values.length !== count) {
      throw invalid(
        `inputs.${name}`,
        `got ${values.length} examples; inputs.${lead?.[0]} has ${count}, and all columns need as many`,
      )
    }
  }
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(entries.map(([name, values]) => [name, values[row]])),
  )
}

const checkCount = (count: number, maxRows: number, at: string): void => {
  if (count === 0) throw invalid(at, 'got an empty list; send at least one example')
  if (count > maxRows) {
    throw new TooLargeError(
      `${at}: got ${count} examples; at most ${maxRows} are taken in one request. Send several.`,
      { param: at },
    )
  }
}

const inputOf = (row: unknown, spec: TensorSpec, specs: readonly TensorSpec[], at: string): unknown => {
  if (isFields(row)) {
    checkNames(row, specs, at)
    return row[spec.name]
  }
  if (specs.length === 1) return row
  throw invalid(at, `got ${shown(row)}; this model takes an object with ${names(specs)}`)
}

/** Keras' text models take one text as a list of one; a text alone is as clear. */
const bareText = (value: unknown, { dtype, shape }: TensorSpec): unknown =>
  dtype === 'string' && shape.length === 2 && shape[1] === 1 && typeof value === 'string' ? [value] : value

const checkNames = (fields: Fields, specs: readonly TensorSpec[], at: string): void => {
  const unknown = Object.keys(fields).find((name) => !specs.some((spec) => spec.name === name))
  if (unknown !== undefined) throw invalid(at, `got an input ${shown(unknown)}; this model takes ${names(specs)}`)
  const missing = specs.find(({ name }) => !Object.hasOwn(fields, name))
  if (missing !== undefined)
    throw invalid(at, `the input "${missing.name}" is missing; this model takes ${names(specs)}`)
}

/** Table rows are objects by column; an object of lists by input name is an already encoded tensor row. */
const isTableRow = (row: unknown, specs: readonly TensorSpec[]): boolean =>
  isFields(row) && !specs.every(({ name }) => Array.isArray(row[name]))

/** The text of `{"b64": …}`, of `{"input name": {"b64": …}}`, or the row itself: base64 or a data URL. */
const imageText = (row: unknown, specs: readonly TensorSpec[]): string | undefined => {
  if (typeof row === 'string') return row
  if (isBytes(row)) return row.b64
  if (!isFields(row) || specs.length !== 1 || Object.keys(row).length !== 1) return undefined
  const inner = row[specs[0]?.name ?? '']
  return isBytes(inner) ? inner.b64 : undefined
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isBytes = (value: unknown): value is { readonly b64: string } =>
  isFields(value) && Object.keys(value).length === 1 && typeof value.b64 === 'string'

const names = (specs: readonly TensorSpec[]): string => specs.map(({ name }) => `"${name}"`).join(', ')

const invalid = (param: string, message: string): InvalidInputError =>
  new InvalidInputError(`${param}: ${message}.`, { param })
