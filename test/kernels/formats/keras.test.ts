/** Every model that real Keras wrote: exact, or refused by name; a changed weight must be noticed. */
import type { Preprocess, TensorData } from '@maas/core/contract'
import { encodeTexts } from '@maas/core/data'
import { readKerasArchive, readKerasH5, signatureOf, toLayersModel } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { beforeAll, describe, expect, it } from 'vitest'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { difference, type Expected, expectedOf, kerasFixture, kerasFixtures } from '../../support/keras-fixtures.ts'

/** max|a-b| / max|b| between backends. */
const EXACT = 1e-5
/** Half-precision layers are computed in float32 here, in half precision there. */
const tolerances: Readonly<Record<string, number>> = { float16: 2e-3, mixed_policy: 2e-3, bfloat16: 1e-2 }

/** Refused, and the words that must say why. */
const refusals: Readonly<Record<string, RegExp>> = {
  lambda: /lambda \(Lambda\): a Lambda holds Python bytecode, which is never executed; replace it/,
  custom: /doubled \(.*Doubled\): (it is a custom class|this layer is not supported)/,
  // A .h5 file has no place for what a layer learned of texts.
  text_vectorization_adapted: /does not hold its vocabulary; save the model as .keras/,
  mask_bidirectional_sequences: /zeros at masked steps/,
  mask_mha_cross: /attends from one sequence to another while steps are masked/,
  mask_add: /not_equal \(NotEqual\): operation NotEqual is not supported/,
}

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: (line) => console.warn(line) })
})

const read = async (keras: 2 | 3, file: string) => {
  const bytes = await kerasFixture(keras, file)
  const options = { name: file, readHdf5: readHdf5Here }
  return file.endsWith('.h5') ? readKerasH5(bytes, options) : readKerasArchive(bytes, options)
}

const worst = (model: LayersModel, { inputs: given, outputs }: Expected, preprocess?: Preprocess): number => {
  const { tf } = kernels
  return tf.tidy(() => {
    const inputs = encoded(model, given, preprocess)
    const feeds = inputs.map(({ data, shape, dtype }) =>
      tf.tensor(Array.from(data) as number[], [...shape], dtype.startsWith('int') ? 'int32' : 'float32'),
    )
    const answer = model.predict(feeds.length === 1 ? (feeds[0] as Tensor) : feeds)
    const answers = Array.isArray(answer) ? answer : [answer]
    return Math.max(
      ...outputs.map((expected, i) => {
        const tensor = answers[i] as Tensor
        return difference({ shape: tensor.shape, data: tensor.dataSync() }, expected)
      }),
    )
  })
}

/** Texts become numbers as they do before a served model. */
const encoded = (
  model: LayersModel,
  inputs: Expected['inputs'],
  preprocess: Preprocess | undefined,
): readonly {
  readonly shape: readonly number[]
  readonly dtype: string
  readonly data: ArrayLike<number | string>
}[] => {
  if (preprocess?.kind !== 'text') return inputs
  const names = signatureOf(model).inputs.map(({ name }) => name)
  const tensors = inputs.map(({ shape, dtype, data }, i): [string, TensorData] => [
    names[i] ?? '',
    dtype === 'object'
      ? { dtype: 'string', shape, data: data.map(String) }
      : { dtype: 'float32', shape, data: Float32Array.from(data) },
  ])
  const result = encodeTexts(Object.fromEntries(tensors), preprocess)
  return names.map((name) => result[name] as TensorData)
}

/** Moves every weight a little. */
const disturb = (model: LayersModel): void => {
  for (const weight of model.weights) {
    const moved = kernels.tf.tidy(() => weight.read().mul(1.02).add(0.01))
    weight.write(moved)
    moved.dispose()
  }
}

for (const keras of [3, 2] as const) {
  const names = [...(await kerasFixtures(keras)).keys()].filter((name) => !name.endsWith('.json'))

  describe(`models by Keras ${keras}`, () => {
    it('are many', () => {
      expect(names.length).toBeGreaterThan(keras === 3 ? 300 : 240)
    })

    it.each(names)('%s answers as in Python, or is refused by name', async (file) => {
      const name = file.replace(/\.\w+$/, '')
      const refusal = refusals[name]
      const kept = file === 'text_vectorization_adapted.keras' || (keras === 2 && name === 'mask_add')
      if (refusal && !kept) {
        await expect(read(keras, file)).rejects.toThrow(refusal)
        return
      }
      const { artifact, preprocess } = await read(keras, file)
      if (name === 'mask_add') {
        await expect(toLayersModel(artifact, kernels)).rejects.toThrow(/layer flatten: expected min_ndim=3/)
        return
      }
      const expected = await expectedOf(keras, name)
      const before = kernels.tf.memory().numTensors
      const model = await toLayersModel(artifact, kernels)
      try {
        expect(worst(model, expected, preprocess)).toBeLessThanOrEqual(tolerances[name] ?? EXACT)
        if (artifact.weights.length > 0) {
          disturb(model)
          expect(worst(model, expected, preprocess)).toBeGreaterThan(tolerances[name] ?? EXACT)
        }
      } finally {
        model.dispose()
      }
      // tfjs' momentum optimiser keeps its learning rate.
      const momentum = JSON.stringify(artifact.trainingConfig ?? {}).includes('"Momentum"')
      expect(kernels.tf.memory().numTensors - before).toBe(momentum ? 1 : 0)
    })
  })
}
