/** A batch of inputs into lines of output. An input that cannot be predicted becomes a line that says why, and spoils no other. */
import type { NamedTensors, TransformLine } from '../contract/index.ts'
import { MaasError } from '../errors.ts'
import {
  decodeRows,
  encodePredictions,
  type PredictInput,
  type Prediction,
  rank,
  type ServedModel,
} from '../predict/index.ts'
import type { TransformItem } from './items.ts'

/** One place where the version runs: asked for one batch at a time. */
export interface Lane {
  readonly model: ServedModel
  /** Faults of the input are `invalid_input`, `too_large` or `unsupported`; everything else ends the job. */
  predict(input: PredictInput): Promise<Prediction>
}

/** Inputs of one run of the model: more are not faster. */
export const batchInputs = 64
/** Bytes of one batch: its inputs are in memory together, in each lane. */
export const batchBytes = 64 * 1024 * 1024

const isFault = (error: unknown): error is MaasError =>
  error instanceof MaasError && ['invalid_input', 'too_large', 'unsupported'].includes(error.code)

type Ask = Exclude<TransformItem, { readonly problem: string }>

/** A line for each item, in order. */
export const answerBatch = async (items: readonly TransformItem[], lane: Lane): Promise<TransformLine[]> => {
  const lines = new Map<string, TransformLine>()
  const asked: Ask[] = []
  for (const item of items) {
    if ('problem' in item) lines.set(item.id, { id: item.id, error: item.problem })
    else asked.push(item)
  }
  for (const line of await answerAll(asked, lane)) lines.set(line.id, line)
  return items.map(({ id }) => lines.get(id) as TransformLine)
}

/** Halves a batch that fails until what is at fault stands alone: the same inputs always meet in the same batches. */
const answerAll = async (items: readonly Ask[], lane: Lane): Promise<TransformLine[]> => {
  const [first] = items
  if (first === undefined) return []
  try {
    return linesOf(items, await lane.predict(inputOf(items, lane.model)))
  } catch (error) {
    if (!isFault(error)) throw error
    if (items.length === 1) return [{ id: first.id, error: error.message }]
    const half = Math.ceil(items.length / 2)
    return [...(await answerAll(items.slice(0, half), lane)), ...(await answerAll(items.slice(half), lane))]
  }
}

const inputOf = (items: readonly Ask[], model: ServedModel): PredictInput => {
  const images = items.flatMap((item) => ('image' in item ? [item.image] : []))
  if (images.length > 0) return { kind: 'images', images }
  const rows = items.map((item) => ('instance' in item ? knownColumns(item.instance, model) : undefined))
  return decodeRows(rows, model, rows.length, 'instances')
}

/** Tables bring more than a model takes: the truth, numbers of rows, notes. What it takes and they lack is a fault. */
const knownColumns = (row: unknown, { preprocess }: ServedModel): unknown => {
  if (preprocess.kind !== 'tabular' || typeof row !== 'object' || row === null || Array.isArray(row)) return row
  const known = preprocess.columns.filter(({ name }) => Object.hasOwn(row, name))
  if (known.length === 0) return row
  return Object.fromEntries(known.map(({ name }) => [name, (row as Readonly<Record<string, unknown>>)[name]]))
}

const linesOf = (items: readonly Ask[], { model, outputs }: Prediction): TransformLine[] => {
  const { predictions } = encodePredictions(outputs, 'row') as { readonly predictions: readonly unknown[] }
  const ranked = isClassifier(model, outputs) ? rank({ model, outputs }) : undefined
  return items.map(({ id }, row) => {
    const [best] = ranked?.[row] ?? []
    return { id, ...(best && { label: best[0], probability: best[1] }), prediction: predictions[row] }
  })
}

/** Labels of a model that answers something else stand for nothing. */
const isClassifier = ({ labels }: ServedModel, outputs: NamedTensors): boolean => {
  const [output, ...others] = Object.values(outputs)
  const width = output?.shape.at(-1)
  return (
    others.length === 0 &&
    output?.shape.length === 2 &&
    labels.length > 0 &&
    (width === labels.length || (width === 1 && labels.length === 2))
  )
}
