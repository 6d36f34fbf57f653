/** Half precision: the weights are read exactly, and what is left between Keras and us is the rounding of what goes through its layers. */
import { readKerasArchive, type WeightTensor } from '@maas/core/formats'
import { expect, it } from 'vitest'
import { readHdf5Here } from '../../../support/hdf5-here.ts'
import { difference, expectedOf, kerasFixture } from '../../../support/keras-fixtures.ts'

/** To so many significant bits, ties to even. */
const rounded = (value: number, bits: number): number => {
  if (value === 0) return 0
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1)
  const exact = value / unit
  return (Math.abs(exact % 1) === 0.5 ? 2 * Math.round(exact / 2) : Math.round(exact)) * unit
}

const numbers = ({ data }: WeightTensor): number[] => [...new Float32Array(data.slice().buffer)]

/** A dense layer that rounds as Keras' compute dtype does: what it takes, its weights, the sum, and before that the product unless both were one operation. */
const dense = (
  row: readonly number[],
  [kernel, bias]: readonly [WeightTensor, WeightTensor],
  { bits, isFused }: { readonly bits: number; readonly isFused: boolean },
): number[] => {
  const [weights, biases] = [numbers(kernel), numbers(bias)]
  const input = row.map((value) => rounded(value, bits))
  return biases.map((own, unit) => {
    const product = input.reduce(
      (sum, value, at) => sum + value * rounded(weights[at * biases.length + unit] ?? Number.NaN, bits),
      0,
    )
    return rounded((isFused ? product : rounded(product, bits)) + rounded(own, bits), bits)
  })
}

const float32 = { bits: 24, isFused: true }

// As TensorFlow happened to run it when the fixture was made: the same model asked again answers up to 1.9e-3 off in bfloat16.
it.each([
  ['bfloat16', { bits: 8, isFused: true }, 1e-3],
  ['float16', { bits: 11, isFused: false }, 5e-5],
])('%s: with its rounding Keras is met within 1e-5, without it not', async (name, half, without) => {
  const bytes = await kerasFixture(3, `${name}.keras`)
  const { artifact } = await readKerasArchive(bytes, { name, readHdf5: readHdf5Here })
  const [k1, b1, k2, b2] = artifact.weights as [WeightTensor, WeightTensor, WeightTensor, WeightTensor]
  const { inputs, outputs } = await expectedOf(3, name)
  const [x, y] = [inputs[0], outputs[0]]
  if (x === undefined || y === undefined) throw new Error('the fixture has no examples')
  const width = x.shape[1] ?? 0
  const rows = Array.from({ length: x.shape[0] ?? 0 }, (_, row) => x.data.slice(row * width, (row + 1) * width))
  const apart = (own: typeof float32): number => {
    const data = rows.flatMap((row) => dense(dense(row, [k1, b1], own), [k2, b2], float32))
    return difference({ shape: y.shape, data }, y)
  }
  expect(apart(half)).toBeLessThanOrEqual(1e-5)
  expect(apart(float32)).toBeGreaterThan(without)
})
