/** The model files that are damaged: a few of each format, out of the committed fixtures. */
import { readFile } from 'node:fs/promises'
import { kerasFixture } from '../support/keras-fixtures.ts'

export interface Source {
  /** Its ending says its format. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** Plain float32, so that each weight must stand in the file as it is. */
const keras = [
  [3, 'cnn.h5'],
  [3, 'lstm.h5'],
  [3, 'functional_residual.h5'],
  [3, 'cnn.keras'],
  [3, 'lstm.keras'],
  [3, 'functional_residual.keras'],
  [2, 'cnn.h5'],
  [2, 'functional_shared_multi.h5'],
] as const

/** SavedModels, TF.js graph models and layers models; none of those that are refused as they are, and none quantised. */
const graphs = ['cnn', 'lookup', 'two', 'lstm', 'cnn-tfjs', 'lstm-tfjs', 'layers-tfjs']

export const fuzzSources = async (): Promise<Source[]> => {
  const folder = new URL('../fixtures/graphs/', import.meta.url)
  return Promise.all([
    ...keras.map(async ([version, name]) => ({
      name: `keras${version}-${name}`,
      bytes: await kerasFixture(version, name),
    })),
    ...graphs.map(async (name) => ({ name: `${name}.zip`, bytes: await readFile(new URL(`${name}.zip`, folder)) })),
  ])
}
