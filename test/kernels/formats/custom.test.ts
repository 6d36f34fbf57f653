/** Layers of one's own: a model with a custom class runs where the program says what it computes, and is refused elsewhere. */

import type { CustomLayers } from '@maas/core/formats'
import { installCustomLayers, readKerasArchive, readKerasH5, toLayersModel } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import type { Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { difference, expectedOf, kerasFixture } from '../../support/keras-fixtures.ts'

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: (line) => console.warn(line) })
})

const times = (factor: number): CustomLayers =>
  new Map([
    [
      'mine>Doubled',
      {
        call: ([x], { tf, options }) => {
          // As get_config() has them, in Python's spelling.
          if (typeof options.name !== 'string') throw new Error('options did not arrive')
          return tf.mul(x as Tensor, factor)
        },
      },
    ],
  ])

const answer = async (file: string, custom: CustomLayers) => {
  const bytes = await kerasFixture(3, file)
  const options = { name: file, readHdf5: readHdf5Here, custom }
  const { artifact, report } = await (file.endsWith('.h5')
    ? readKerasH5(bytes, options)
    : readKerasArchive(bytes, options))
  installCustomLayers(kernels.tf, custom)
  const model = await toLayersModel(artifact, kernels)
  const { inputs, outputs } = await expectedOf(3, 'custom')
  const [input, output] = [inputs[0], outputs[0]]
  if (!input || !output) throw new Error('the fixture has no input or output')
  const found = kernels.tf.tidy(() => {
    const given = model.predict(kernels.tf.tensor([...input.data], [...input.shape])) as Tensor
    return difference({ shape: given.shape, data: given.dataSync() }, output)
  })
  return { report, difference: found }
}

describe.each(['custom.h5', 'custom.keras'])('a custom layer in %s', (file) => {
  it('answers as in Python when the program says what it computes', async () => {
    const { report, difference: found } = await answer(file, times(2))
    expect(found).toBeLessThan(1e-6)
    expect(report.layers).toContainEqual(expect.objectContaining({ status: 'adapted', why: 'given by registerLayer' }))
  })

  it('computes what was said, right or wrong', async () => {
    expect((await answer(file, times(3))).difference).toBeGreaterThan(0.1)
  })

  it('is refused where nobody said so, with the way forward', async () => {
    await expect(answer(file, new Map())).rejects.toThrow(/registerLayer\('mine>Doubled', …\) of the SDK/)
  })
})
