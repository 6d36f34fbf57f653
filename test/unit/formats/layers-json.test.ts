import { decodeLayersJson, encodeLayersJson, type ModelArtifact } from '@maas/core/formats'
import { describe, expect, it } from 'vitest'

const artifact: ModelArtifact = {
  topology: { class_name: 'Sequential', config: { name: 's', layers: [] } },
  trainingConfig: { loss: 'mean_squared_error', metrics: [], optimizer_config: { class_name: 'SGD', config: {} } },
  weights: [
    { name: 'a/kernel', shape: [2, 1], dtype: 'float32', data: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]) },
    { name: 'a/count', shape: [], dtype: 'int32', data: new Uint8Array([9, 0, 0, 0]) },
    { name: 'a/empty', shape: [0, 3], dtype: 'float32', data: new Uint8Array(0) },
    { name: 'a/mask', shape: [3], dtype: 'bool', data: new Uint8Array([1, 0, 1]) },
  ],
}

const edited = (change: (json: Record<string, unknown>) => void): Uint8Array => {
  const json = JSON.parse(new TextDecoder().decode(encodeLayersJson(artifact).model))
  change(json)
  return new TextEncoder().encode(JSON.stringify(json))
}
const { model, weights } = encodeLayersJson(artifact)

describe('model.json and weights.bin', () => {
  it('hold the artifact exactly', () => {
    expect(decodeLayersJson(model, weights)).toEqual(artifact)
  })

  it('are read in the nested form that converters of Keras files write', () => {
    const nested = edited((json) => {
      json.modelTopology = { model_config: artifact.topology, training_config: artifact.trainingConfig }
      delete json.trainingConfig
    })
    expect(decodeLayersJson(nested, weights)).toEqual(artifact)
  })

  it('leave optimiser slots out, but count their bytes', () => {
    const withSlots = edited((json) => {
      const [group] = json.weightsManifest as { weights: object[] }[]
      group?.weights.push({ name: 'Adam/m', shape: [1], dtype: 'float32', group: 'optimizer' })
    })
    expect(decodeLayersJson(withSlots, new Uint8Array([...weights, 0, 0, 0, 0]))).toEqual(artifact)
  })

  it('are refused when the binary is cut short or too long', () => {
    expect(() => decodeLayersJson(model, weights.subarray(1))).toThrow(
      'the weights hold 14 bytes, but model.json lists 15',
    )
    expect(() => decodeLayersJson(model, new Uint8Array([...weights, 0]))).toThrow('16 bytes')
  })

  it.each([
    ['not JSON', new TextEncoder().encode('{'), 'model.json is not JSON'],
    ['a graph model', edited((json) => Object.assign(json, { format: 'graph-model' })), 'this is no layers model'],
    ['no topology', edited((json) => delete json.modelTopology), 'model.json.modelTopology'],
    ['quantised', edited((json) => spec(json, { quantization: { scale: 1 } })), 'a/kernel is quantised'],
    [
      'a strange dtype',
      edited((json) => spec(json, { dtype: 'complex64' })),
      'dtype complex64; read are float32, int32, bool and string',
    ],
    ['a prototype as dtype', edited((json) => spec(json, { dtype: 'toString' })), 'dtype toString'],
    ['negative shapes', edited((json) => spec(json, { shape: [-2, 1] })), 'shape'],
    ['repeated names', edited((json) => spec(json, { name: 'a/mask' })), 'a/mask is listed twice'],
  ])('are refused: %s', (_, bytes, message) => {
    expect(() => decodeLayersJson(bytes, weights)).toThrow(message)
  })

  it('are not written when a weight has not the bytes of its shape', () => {
    const [first] = artifact.weights
    const weight = { ...first, shape: [3] } as ModelArtifact['weights'][number]
    expect(() => encodeLayersJson({ ...artifact, weights: [weight] })).toThrow('needs 12 bytes, got 8')
  })
})

const spec = (json: Record<string, unknown>, change: object): void => {
  const [group] = json.weightsManifest as { weights: object[] }[]
  Object.assign(group?.weights[0] ?? {}, change)
}
