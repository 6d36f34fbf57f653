/** Every model that real Keras wrote: exact, or refused by name; a changed weight must be noticed. */
import { readKerasArchive, readKerasH5, toLayersModel } from '@maas/core/formats'
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
  conv_lstm1d: /conv_lstm1d \(ConvLSTM1D\): this layer is not supported/,
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

const worst = (model: LayersModel, { inputs, outputs }: Expected): number => {
  const { tf } = kernels
  return tf.tidy(() => {
    const feeds = inputs.map(({ data, shape, dtype }) =>
      tf.tensor([...data], [...shape], dtype.startsWith('int') ? 'int32' : 'float32'),
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
      if (refusal && (keras === 3 || name !== 'mask_add')) {
        await expect(read(keras, file)).rejects.toThrow(refusal)
        return
      }
      const { artifact } = await read(keras, file)
      if (name === 'mask_add') {
        await expect(toLayersModel(artifact, kernels)).rejects.toThrow(/layer flatten: expected min_ndim=3/)
        return
      }
      const expected = await expectedOf(keras, name)
      const before = kernels.tf.memory().numTensors
      const model = await toLayersModel(artifact, kernels)
      try {
        expect(worst(model, expected)).toBeLessThanOrEqual(tolerances[name] ?? EXACT)
        if (artifact.weights.length > 0) {
          disturb(model)
          expect(worst(model, expected)).toBeGreaterThan(tolerances[name] ?? EXACT)
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
