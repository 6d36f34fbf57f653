import type { NamedTensors } from '@maas/core/contract'
import { checkTensors } from '@maas/core/predict'
import { expect, it } from 'vitest'

const signature = {
  inputs: [
    { name: 'x', dtype: 'float32' as const, shape: [-1, 2] },
    { name: 'n', dtype: 'int32' as const, shape: [-1] },
  ],
  outputs: [{ name: 'y', dtype: 'float32' as const, shape: [-1, 1] }],
}
const x = { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(1, 2) }
const n = { dtype: 'int32' as const, shape: [1], data: Int32Array.of(1) }

it('counts the rows of good tensors', () => {
  expect(checkTensors({ x, n }, signature)).toBe(1)
})

it.each<[string, NamedTensors, string]>([
  ['a missing input', { x }, 'The input "n" is missing; this model takes "x", "n".'],
  [
    'an input from the prototype',
    { x, n, toString: n } as NamedTensors,
    'The input "toString" is not an input of this model',
  ],
  ['another dtype', { x, n: { ...n, dtype: 'float32' } }, 'The input "n" got float32; it takes int32.'],
  ['another shape', { x: { ...x, shape: [2] }, n }, 'The input "x" got the shape [2]; it takes [any, 2].'],
  [
    'too few values',
    { x: { ...x, data: Float32Array.of(1) }, n },
    'The input "x" got 1 values; the shape [1, 2] holds 2.',
  ],
  ['no rows', { x: { ...x, shape: [0, 2], data: new Float32Array() }, n }, 'got the empty shape [0, 2]'],
  ['NaN', { x: { ...x, data: Float32Array.of(1, Number.NaN) }, n }, 'The input "x" got NaN at position 1'],
  ['Infinity', { x: { ...x, data: Float32Array.of(-Infinity, 1) }, n }, 'The input "x" got -Infinity at position 0'],
  [
    'different batches',
    { x: { ...x, shape: [2, 2], data: new Float32Array(4) }, n },
    'The input "n" got 1 rows; "x" has 2.',
  ],
])('refuses %s', (_, tensors, message) => {
  expect(() => checkTensors(tensors, signature)).toThrow(message)
})

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'says where %s is, wherever it is, and takes the largest and smallest numbers',
  (value) => {
    const one = { inputs: [{ name: 'x', dtype: 'float32' as const, shape: [-1, 7] }], outputs: signature.outputs }
    const check = (data: Float32Array) => checkTensors({ x: { dtype: 'float32', shape: [1, 7], data } }, one)
    const good = Float32Array.of(3.4e38, -3.4e38, 1e-45, -0, 0, 3.4e38, -3.4e38)
    expect(check(good)).toBe(1)
    for (const at of good.keys()) {
      const bad = good.slice()
      bad[at] = value
      expect(() => check(bad)).toThrow(`got ${value} at position ${at}; only finite numbers are taken`)
    }
  },
)
