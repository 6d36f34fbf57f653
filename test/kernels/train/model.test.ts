/** Topologies by Python Keras 3, trained from fresh weights, compute what the same file computes when it is served. */
import { readKerasArchive, toLayersModel, toModelArtifact } from '@maas/core/formats'
import { buildModel, leftOut, squaredOtherwise } from '@maas/core/train'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { unzipKeras } from '../../../layers/core/formats/keras/zip.ts'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { difference, expectedOf, kerasFixture } from '../../support/keras-fixtures.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

/** The topology alone, as `maas train --topology` takes it, with the file's weights afterwards. */
const build = async (name: string, kernels: NativeKernels): Promise<LayersModel> => {
  const file = await kerasFixture(3, `${name}.keras`)
  const model = await buildModel(JSON.parse(unzipKeras(file, name).config), 1, kernels)
  const { artifact } = await readKerasArchive(file, { name, readHdf5: readHdf5Here })
  const given = await toLayersModel(artifact, kernels)
  model.setWeights(given.getWeights())
  return model
}

const distance = async (name: string, model: LayersModel, { tf }: NativeKernels): Promise<number> => {
  const { inputs, outputs } = await expectedOf(3, name)
  const [input, output] = [inputs[0], outputs[0]]
  if (!input || !output) throw new Error(`${name} has no inputs or outputs`)
  const answer = model.predict(tf.tensor([...input.data], [...input.shape])) as Tensor
  return difference({ shape: answer.shape, data: answer.dataSync() }, output)
}

describe('a topology that Keras 3 wrote', () => {
  it('hands its masks on as Keras 3 does, and so do copies of the trained model', async (context) => {
    const kernels = await nativeKernels(context)
    const model = await build('mask_mha', kernels)
    expect(await distance('mask_mha', model, kernels)).toBeLessThan(1e-5)
    const artifact = toModelArtifact(model)
    const copy = await toLayersModel(artifact, kernels)
    expect(await distance('mask_mha', copy, kernels)).toBeLessThan(1e-5)
    expect(artifact.topology.keras_version).toMatch(/^3/)
    // What tfjs alone makes of the same topology and weights.
    const alone = await kernels.tf.models.modelFromJSON({ modelTopology: artifact.topology } as never)
    alone.setWeights(model.getWeights())
    expect(await distance('mask_mha', alone, kernels)).toBeGreaterThan(1e-3)
  })

  it('says which of its layers do something in the training of Keras alone', async (context) => {
    const kernels = await nativeKernels(context)
    expect(leftOut(await build('mask_mha', kernels))).toEqual([])
    const augmented = await build('random_layers', kernels)
    expect(leftOut(augmented)).toEqual(augmented.layers.slice(-4).map(({ name }) => `${name} (augmentation)`))
    expect(leftOut(await toLayersModel(toModelArtifact(augmented), kernels))).toHaveLength(4)
  })

  it('names the trained embeddings that Keras on TensorFlow moves otherwise, unless by SGD', async (context) => {
    const kernels = await nativeKernels(context)
    const model = await build('embedding_mask_lstm', kernels)
    const names = model.layers.filter((layer) => layer.getClassName() === 'Embedding').map(({ name }) => name)
    expect(names.length).toBeGreaterThan(0)
    expect(squaredOtherwise(model, 'adam')).toEqual(names)
    expect(squaredOtherwise(model, 'rmsprop')).toEqual(names)
    expect(squaredOtherwise(model, 'sgd')).toEqual([])
    for (const layer of model.layers) layer.trainable = false
    expect(squaredOtherwise(model, 'adam')).toEqual([])
    expect(squaredOtherwise(await build('activation_relu', kernels), 'adam')).toEqual([])
  })
})

describe('a model made of stored weights', () => {
  it('is trained by itself: what it was made of stays as it was', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const artifact = toModelArtifact(tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4] })] }))
    const before = structuredClone(artifact.weights)
    const [model, twin] = [await toLayersModel(artifact, kernels), await toLayersModel(artifact, kernels)]
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    await model.fit(tf.ones([8, 4]), tf.ones([8, 3]), { verbose: 0 })
    expect(artifact.weights).toEqual(before)
    expect(toModelArtifact(twin).weights).toEqual(before)
    expect(toModelArtifact(model).weights).not.toEqual(before)
  })
})
