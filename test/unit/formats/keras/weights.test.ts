/** Weights alone onto a topology: the same model as the whole archive, or a sentence about what does not fit. */
import { readKerasArchive, readKerasH5, readKerasWeights } from '@maas/core/formats'
import { unzipSync } from 'fflate'
import { expect, it } from 'vitest'
import { readHdf5Here } from '../../../support/hdf5-here.ts'
import { kerasFixture } from '../../../support/keras-fixtures.ts'

const options = { name: 'model.weights.h5', readHdf5: readHdf5Here }

/** What `save_weights` and `to_json` write is what an archive holds. */
const parts = async (keras: 2 | 3, name: string) => {
  const archive = await kerasFixture(keras, `${name}.keras`)
  const { 'config.json': config, 'model.weights.h5': weights } = unzipSync(archive)
  if (!config || !weights) throw new Error('no Keras archive')
  return { archive, topology: new TextDecoder().decode(config), weights }
}

it.each([
  [3, 'cnn'],
  [3, 'nested'],
  [2, 'cnn'],
] as const)('of Keras %i, %s, are the same as in the archive', async (keras, name) => {
  const { archive, topology, weights } = await parts(keras, name)
  const whole = (await readKerasArchive(archive, options)).artifact
  const { artifact, report } = await readKerasWeights(weights, topology, options)
  expect(artifact.weights).toEqual(whole.weights)
  expect(artifact.topology.config).toEqual(whole.topology.config)
  expect(report.source).toContain('weights onto a topology')
})

it('do not go onto the topology of another model', async () => {
  const { weights } = await parts(3, 'cnn')
  const { topology } = await parts(3, 'lstm')
  await expect(readKerasWeights(weights, topology, options)).rejects.toThrow(/the configuration has no such layer/)
})

it('are not a whole model, which has a topology of its own', async () => {
  const { topology } = await parts(3, 'cnn')
  await expect(readKerasWeights(await kerasFixture(3, 'cnn.h5'), topology, options)).rejects.toThrow(
    /leave out the other/,
  )
})

it('without a topology say how to give one', async () => {
  const { weights } = await parts(3, 'cnn')
  await expect(readKerasH5(weights, options)).rejects.toThrow(/--topology model\.json/)
})
