import { decodeLayersJson, encodeLayersJson, signatureOf, toLayersModel, toModelArtifact } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import { beforeAll, describe, expect, it } from 'vitest'
import { cnn, nested, predictions } from './models.ts'

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ prefer: 'wasm' })
})

describe('a model as an artifact', () => {
  it('comes back from model.json and weights.bin with the same predictions, bit for bit', async () => {
    const model = cnn(kernels.tf)
    const { model: json, weights } = encodeLayersJson(toModelArtifact(model))

    const restored = await toLayersModel(decodeLayersJson(json, weights), kernels)

    expect(predictions(kernels.tf, restored)).toEqual(predictions(kernels.tf, model))
    expect(weights.byteLength).toBe(model.countParams() * 4)
  })

  it('restores loss, metrics and optimiser', async () => {
    const model = cnn(kernels.tf)
    model.compile({
      optimizer: kernels.tf.train.adam(0.01),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })

    const restored = await toLayersModel(toModelArtifact(model), kernels)

    expect(restored.loss).toBe('sparseCategoricalCrossentropy')
    expect(restored.optimizer.getClassName()).toBe('Adam')
    expect(restored.optimizer.getConfig()).toMatchObject({ learningRate: 0.01 })
  })

  it('keeps the weights of nested models apart although their layers have the same names', async () => {
    const model = nested(kernels.tf)
    const artifact = toModelArtifact(model)

    const restored = await toLayersModel(artifact, kernels)

    expect(new Set(artifact.weights.map(({ name }) => name)).size).toBe(artifact.weights.length)
    expect(predictions(kernels.tf, restored)).toEqual(predictions(kernels.tf, model))
  })

  it('pairs by layer when a file names its weights differently', async () => {
    const model = cnn(kernels.tf)
    const { weights, ...rest } = toModelArtifact(model)
    const renamed = weights.map((weight, i) => ({ ...weight, name: `${weight.name.split('/')[0]}/variable_${i}` }))

    const restored = await toLayersModel({ ...rest, weights: renamed }, kernels)

    expect(predictions(kernels.tf, restored)).toEqual(predictions(kernels.tf, model))
  })

  it('names its inputs and outputs', () => {
    expect(signatureOf(cnn(kernels.tf))).toEqual({
      inputs: [{ name: 'conv_input', dtype: 'float32', shape: [-1, 8, 8, 3] }],
      outputs: [{ name: 'probabilities', dtype: 'float32', shape: [-1, 10] }],
    })
  })

  it('leaves no tensor behind but the weights', async () => {
    const artifact = toModelArtifact(cnn(kernels.tf))
    const before = kernels.tf.memory().numTensors

    const model = await toLayersModel(artifact, kernels)
    expect(kernels.tf.memory().numTensors - before).toBe(artifact.weights.length)
    model.dispose()

    expect(kernels.tf.memory().numTensors).toBe(before)
  })
})

describe('a model that does not fit its weights', () => {
  it('is refused when a weight is missing', async () => {
    const artifact = toModelArtifact(cnn(kernels.tf))
    await expect(toLayersModel({ ...artifact, weights: artifact.weights.slice(1) }, kernels)).rejects.toThrow(
      'layer conv has 2 weights (conv/kernel, conv/bias), the file holds 1',
    )
  })

  it('is refused when a weight has another shape', async () => {
    const artifact = toModelArtifact(cnn(kernels.tf))
    const weights = artifact.weights.map((weight) =>
      weight.name === 'conv/kernel' ? { ...weight, shape: [...weight.shape].reverse() } : weight,
    )
    await expect(toLayersModel({ ...artifact, weights }, kernels)).rejects.toThrow('conv/kernel is float32 [4,3,3,3]')
  })

  it('is refused when a weight belongs to no layer', async () => {
    const artifact = toModelArtifact(cnn(kernels.tf))
    const stray = { name: 'other/kernel', shape: [1], dtype: 'float32', data: new Uint8Array(4) } as const
    await expect(toLayersModel({ ...artifact, weights: [...artifact.weights, stray] }, kernels)).rejects.toThrow(
      'other/kernel belongs to no layer',
    )
  })

  it('is refused when a layer is not known', async () => {
    const topology = { class_name: 'Sequential', config: { name: 's', layers: [{ class_name: 'Nope', config: {} }] } }
    await expect(toLayersModel({ topology, weights: [] }, kernels)).rejects.toMatchObject({ code: 'unsupported' })
  })
})
