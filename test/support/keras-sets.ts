/** The committed sets of models by Keras 3 and Keras 2, measured file by file. */
import type { Kernels } from '@maas/core/kernels'
import { expectedOf, kerasFixture, kerasFixtures } from './keras-fixtures.ts'
import { type Measured, measureKeras } from './keras-measure.ts'

export interface FixtureSet {
  readonly keras: 2 | 3
  /** As it is called in the results. */
  readonly by: string
}

export const fixtureSets: readonly FixtureSet[] = [
  { keras: 3, by: 'Keras 3' },
  { keras: 2, by: 'Keras 2' },
]

export const modelName = (file: string): string => file.replace(/\.\w+$/, '')

/** `cnn.h5`, `cnn.keras` … */
export const filesOfSet = async ({ keras }: FixtureSet): Promise<string[]> =>
  [...(await kerasFixtures(keras)).keys()].filter((name) => !name.endsWith('.json'))

export const measureFile = async ({ keras }: FixtureSet, name: string, kernels: Kernels): Promise<Measured> => {
  const expected = await expectedOf(keras, modelName(name))
  return measureKeras({ name, bytes: await kerasFixture(keras, name), expected }, kernels)
}

export const measureSet = async (set: FixtureSet, kernels: Kernels): Promise<Map<string, Measured>> => {
  const measured = new Map<string, Measured>()
  for (const name of await filesOfSet(set)) measured.set(name, await measureFile(set, name, kernels))
  return measured
}
