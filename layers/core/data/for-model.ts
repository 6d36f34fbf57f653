/** Reads data the way a trained model saw its own: its preprocessing, its class numbers, nothing fitted anew. */
import type { Preprocess } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import type { DataLocation, ReadDataDeps, ReadDataOptions } from './options.ts'
import { readDataSet } from './read.ts'
import { nameSome } from './text.ts'
import type { DataPart, DataSet } from './types.ts'

/** What a version stores of its data. */
export interface FittedData {
  readonly preprocess: Preprocess
  /** Class names by number; empty for regression. */
  readonly labels: readonly string[]
}

/**
 * Like `readDataSet`, for data that a model is to be measured on.
 *
 * @throws InvalidInputError for data of another kind, and for classes the model does not know
 */
export async function readForModel(
  location: DataLocation,
  { preprocess, labels }: FittedData,
  options: Omit<ReadDataOptions, 'imageSize' | 'channels' | 'preprocess' | 'encoding' | 'task'>,
  deps: ReadDataDeps,
): Promise<DataSet> {
  const task = labels.length > 0 ? 'classification' : 'regression'
  const data = await readDataSet(location, { ...options, task, ...optionsOf(preprocess) }, deps)
  if (data.preprocess.kind !== preprocess.kind) {
    throw new InvalidInputError(
      `${data.report.name} holds ${data.preprocess.kind} data; the model was trained on ${preprocess.kind} data.`,
    )
  }
  if (task === 'regression') return data
  const numbers = data.labels.map((label) => labels.indexOf(label))
  const unknown = data.labels.filter((_, number) => (numbers[number] ?? -1) < 0)
  if (unknown.length > 0) {
    throw new InvalidInputError(
      `The model does not know ${nameSome(unknown)}, which ${data.report.name} has. It knows ${nameSome(labels, 20)}.`,
    )
  }
  const renumber = (part: DataPart): DataPart => ({
    ...part,
    targets: Int32Array.from(part.targets, (target) => numbers[target] as number),
  })
  return {
    ...data,
    labels,
    train: renumber(data.train),
    validation: renumber(data.validation),
    test: renumber(data.test),
  }
}

function optionsOf(
  preprocess: Preprocess,
): Pick<ReadDataOptions, 'imageSize' | 'channels' | 'preprocess' | 'encoding'> {
  if (preprocess.kind === 'tabular') return { encoding: preprocess }
  if (preprocess.kind === 'tensor' || preprocess.kind === 'text') return {}
  const { channels, height, width, kind: _, ...rest } = preprocess
  return { imageSize: { height, width }, channels, preprocess: rest }
}
