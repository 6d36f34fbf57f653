/** Gradients written here equal the stock ones: Relu's one operation, and the filter gradient composed for WASM. */
import { describe, expect, it } from 'vitest'
import type { TensorFlow } from '../../layers/core/kernels/index.ts'
import { loadWasm } from '../../layers/core/kernels/wasm.ts'
import { nativeKernels } from './native.ts'

type Values = Float32Array

/** max|a-b| / max|b|, the project's measure of exactness. */
function difference(a: Values, b: Values): number {
  expect(a.length).toBe(b.length)
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] as number))), 0) / largest
}

function filterGradient(tf: TensorFlow, stride: number, pad: 'valid' | 'same', scale = 1): Values {
  return tf.tidy(() => {
    const x = tf.randomNormal([2, 9, 8, 3], 0, 1, 'float32', 7) as ReturnType<typeof tf.tensor4d>
    const filter = tf.randomNormal([3, 2, 3, 4], 0, 1, 'float32', 8) as ReturnType<typeof tf.tensor4d>
    const loss = (weights: typeof filter) => tf.conv2d(x, weights, stride, pad).square().sum().mul(scale)
    return tf
      .grad(loss as never)(filter)
      .dataSync() as Values
  })
}

describe('the gradient of relu as one operation', () => {
  it('equals the stock gradient, zero and negative zero included', async (context) => {
    const { tf } = await nativeKernels(context)
    const x = tf.tensor1d([-2, -0, 0, 1e-30, 0.5, 3, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
    const dy = tf.tensor1d([1, 2, 3, 4, -5, 6, 7, 8])
    const fast = tf
      .grad((input) => tf.relu(input))(x, dy)
      .dataSync()
    const stock = tf.mul(dy, tf.cast(tf.step(x), 'float32')).dataSync()
    expect([...fast]).toEqual([...stock].map((value) => value + 0))
  })

  it('is differentiable itself', async (context) => {
    const { tf } = await nativeKernels(context)
    const cube = (x: ReturnType<typeof tf.tensor>) => tf.relu(x).pow(3).sum()
    const second = tf.grad((x) =>
      tf
        .grad(cube as never)(x)
        .sum(),
    )(tf.tensor1d([-1, 2]))
    expect([...second.dataSync()]).toEqual([0, 12])
  })
})

describe('the filter gradient composed for WASM', () => {
  it.for([
    [1, 'valid'],
    [1, 'same'],
    [2, 'valid'],
    [2, 'same'],
  ] as const)('equals TensorFlow with stride %i and padding %s', async ([stride, pad], context) => {
    const { tf } = await nativeKernels(context)
    await tf.setBackend('tensorflow')
    const native = filterGradient(tf, stride, pad)
    await loadWasm(tf)
    expect(tf.getBackend()).toBe('wasm')
    const composed = filterGradient(tf, stride, pad)
    const wrong = filterGradient(tf, stride, pad, 1.001)
    await tf.setBackend('tensorflow')
    expect(difference(composed, native)).toBeLessThan(1e-5)
    expect(difference(wrong, native)).toBeGreaterThan(1e-5)
  })
})
