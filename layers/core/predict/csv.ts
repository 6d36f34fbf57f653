/** CSV as SageMaker's clients send and read it: one line for each example, in the order of the model's columns, without a header. */
import { type NamedTensors, shown, sizeOf, type TabularPreprocess, type TensorSpec } from '@maas/core/contract'
import { InvalidInputError, messageOf, TooLargeError } from '@maas/core/errors'
import { datatypes, fromJsonValues } from './datatypes.ts'
import { checkFinite } from './encode.ts'
import { shapeText } from './nested.ts'
import { onlyTensor } from './only-tensor.ts'
import type { PredictInput, ServedModel } from './types.ts'

type Cells = readonly string[]

/**
 * A model of tables takes its columns in their order, or in any order below a line with their names; every other model
 * the values of its only input, row-major. InvalidInputError names line and column.
 */
export const readCsv = async (body: Uint8Array, maxRows: number): Promise<(model: ServedModel) => PredictInput> => {
  // A line of names may come on top.
  const lines = await parse(body, maxRows + 2)
  return (model) => {
    const { preprocess } = model
    if (preprocess.kind === 'tabular') return { kind: 'rows', rows: tableRows(lines, preprocess, maxRows) }
    checkCount(lines, maxRows)
    const spec = onlyTensor(model.signature.inputs, 'input', model, 'CSV')
    return { kind: 'tensors', tensors: { [spec.name]: tensorOf(lines, spec) } }
  }
}

/** Loaded when somebody sends CSV: few do. */
const parse = async (body: Uint8Array, to: number): Promise<Cells[]> => {
  const csv = await import('csv-parse/sync')
  try {
    const options = { bom: true, skip_empty_lines: true, trim: true, relax_column_count: true, to }
    return csv.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength), options) as unknown as Cells[]
  } catch (cause) {
    throw new InvalidInputError(`The body cannot be read as CSV: ${messageOf(cause)}.`, { cause })
  }
}

const checkCount = (lines: readonly Cells[], maxRows: number): void => {
  if (lines.length === 0) throw new InvalidInputError('The body is empty; send one line for each example.')
  if (lines.length > maxRows)
    throw new TooLargeError(
      `The body has more than ${maxRows} lines, which is the most taken in one request. Send several.`,
    )
}

const tableRows = (
  lines: readonly Cells[],
  { columns }: TabularPreprocess,
  maxRows: number,
): Readonly<Record<string, string>>[] => {
  const names = columns.map(({ name }) => name)
  const [first = []] = lines
  const hasHeader = first.length === names.length && names.every((name) => first.includes(name))
  const order = hasHeader ? first : names
  const rows = hasHeader ? lines.slice(1) : lines
  checkCount(rows, maxRows)
  return rows.map((cells, index) => {
    if (cells.length === order.length) return Object.fromEntries(order.map((name, at) => [name, cells[at] ?? '']))
    throw new InvalidInputError(
      `line ${index + (hasHeader ? 2 : 1)} has ${cells.length} values; this model takes ${order.length}: ${order.join(', ')}.`,
    )
  })
}

const tensorOf = (lines: readonly Cells[], spec: TensorSpec): NamedTensors[string] => {
  const width = lines[0]?.length ?? 0
  const shape = [lines.length, ...rowShape(width, spec)]
  const uneven = lines.findIndex((cells) => cells.length !== width)
  if (uneven !== -1) {
    throw new InvalidInputError(`line ${uneven + 1} has ${lines[uneven]?.length} values; line 1 has ${width}.`)
  }
  const values = lines.flatMap((cells, line) => cells.map((cell, column) => cellValue(cell, spec, line, column)))
  const wanted = { param: 'body', datatype: datatypes[spec.dtype], dtype: spec.dtype }
  return { dtype: spec.dtype, shape, data: fromJsonValues(values, wanted) }
}

/** The sizes of one example; one that the model leaves open follows from how many values a line has. */
const rowShape = (width: number, spec: TensorSpec): number[] => {
  const sizes = spec.shape.slice(1)
  const known = sizeOf(sizes.filter((size) => size !== -1))
  const open = sizes.filter((size) => size === -1).length
  if (open > 1) {
    throw new InvalidInputError(
      `The input "${spec.name}" of shape ${shapeText(spec.shape)} has several open sizes, which a line of CSV does not tell. Send JSON or a NumPy array.`,
    )
  }
  const fits = open === 1 ? width % known === 0 : width === known
  if (fits) return sizes.map((size) => (size === -1 ? width / known : size))
  const takes = open === 1 ? `a multiple of ${known}` : known
  throw new InvalidInputError(
    `line 1 has ${width} values; the input "${spec.name}" of shape ${shapeText(spec.shape)} takes ${takes}.`,
  )
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false }

const cellValue = (cell: string, { dtype, name }: TensorSpec, line: number, column: number): unknown => {
  if (dtype === 'string') return cell
  const value = dtype === 'bool' ? booleans[cell.toLowerCase()] : cell === '' ? undefined : Number(cell)
  if (value !== undefined && !Number.isNaN(value)) return value
  const takes = dtype === 'bool' ? 'true and false' : 'numbers, and no line with names'
  throw new InvalidInputError(
    `line ${line + 1} column ${column + 1}: got ${shown(cell)}; the input "${name}" takes ${takes}.`,
  )
}

/** One line for each example with all its values. InvalidInputError for several outputs and for texts. */
export const writeCsv = (outputs: NamedTensors, model: Pick<ServedModel, 'name' | 'signature'>): Uint8Array => {
  const { name } = onlyTensor(model.signature.outputs, 'output', model, 'CSV')
  const tensor = outputs[name] ?? Object.values(outputs)[0]
  if (tensor === undefined || tensor.dtype === 'string')
    throw new InvalidInputError(`"${model.name}" answers texts; ask for application/json.`, { param: 'accept' })
  checkFinite(name, tensor)
  const rows = tensor.shape[0] ?? 0
  const width = rows === 0 ? 0 : tensor.data.length / rows
  const lines = Array.from({ length: rows }, (_, row) => tensor.data.slice(row * width, (row + 1) * width).join(','))
  return Buffer.from(lines.map((line) => `${line}\n`).join(''))
}
