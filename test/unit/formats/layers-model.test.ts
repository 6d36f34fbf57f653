import { decodeLayersJson, encodeLayersJson, signatureOf, toLayersModel, toModelArtifact } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import { beforeAll, describe, expect, it, vi } from 'vitest'
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

  it('takes weights from wherever their bytes begin', async () => {
    const model = cnn(kernels.tf)
    const { weights, ...rest } = toModelArtifact(model)
    const shifted = weights.map((weight) => ({
      ...weight,
      data: Buffer.concat([Buffer.alloc(1), weight.data]).subarray(1),
    }))
    expect(shifted.some(({ data }) => data.byteOffset % 4 !== 0)).toBe(true)

    const restored = await toLayersModel({ ...rest, weights: shifted }, kernels)

    expect(predictions(kernels.tf, restored)).toEqual(predictions(kernels.tf, model))
  })

  it('sets a weight as the file has it, past the constraint that training keeps to', async () => {
    const { tf } = kernels
    const kernelConstraint = tf.constraints.maxNorm({ maxValue: 0.5, axis: 0 })
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3], kernelConstraint })] })
    const { weights, ...rest } = toModelArtifact(model)
    const ones = weights.map((weight) => ({
      ...weight,
      data: new Uint8Array(Float32Array.of(...Array(6).fill(1)).buffer),
    }))
    const given = [ones[0], weights[1]].filter((weight) => weight !== undefined)

    const restored = await toLayersModel({ ...rest, weights: given }, kernels)

    expect([...(restored.layers[0]?.getWeights()[0]?.dataSync() ?? [])]).toEqual(Array(6).fill(1))
    // The control: what tfjs' own way of setting weights makes of them.
    restored.layers[0]?.setWeights([tf.ones([3, 2]), tf.zeros([2])])
    expect(restored.layers[0]?.getWeights()[0]?.dataSync()[0]).toBeLessThan(0.5)
  })

  it('is written again under the rules of the Keras that it came from, by which masks are joined', async () => {
    const artifact = toModelArtifact(cnn(kernels.tf))
    const topology = { ...artifact.topology, keras_version: '3.15.1' }
    const restored = await toLayersModel({ ...artifact, topology }, kernels)
    expect(toModelArtifact(restored).topology.keras_version).toBe('3.15.1')
    expect(artifact.topology.keras_version).not.toMatch(/^3/)
  })

  it('is written with its initial states, and without the warning that they are left out', () => {
    const { tf } = kernels
    const [steps, state] = [tf.input({ shape: [4, 2] }), tf.input({ shape: [3] })]
    const decoder = tf.layers.simpleRNN({ units: 3, name: 'decoder' })
    const output = decoder.apply(steps, { initialState: [state] }) as typeof steps
    const model = tf.model({ inputs: [steps, state], outputs: output })
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      const { config } = toModelArtifact(model).topology as { config: { layers: Record<string, unknown>[] } }
      const calls = config.layers.find(({ name }) => name === 'decoder')?.inbound_nodes as unknown[][]
      expect(calls[0]).toHaveLength(2)
      expect(warn).not.toHaveBeenCalled()
      // The control: tfjs alone warns.
      model.toJSON(null, false)
      expect(warn).toHaveBeenCalled()
    } finally {
      warn.mockRestore()
    }
  })

  it('gives every output a name of its own, also where a layer is called like the second output of another', () => {
    const { tf } = kernels
    const steps = tf.input({ shape: [4, 2], name: 'steps' })
    const many = (name: string) => tf.layers.gru({ units: 2, name, returnState: true }).apply(steps)
    const outputs = [many('gru'), many('gru_1')].flat() as (typeof steps)[]
    const names = signatureOf(tf.model({ inputs: steps, outputs })).outputs.map(({ name }) => name)
    expect(names).toEqual(['gru', 'gru_2', 'gru_1', 'gru_1_1'])
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
