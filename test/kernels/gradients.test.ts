/** Gradients written here: those that tfjs has too equal its own, the others the slope of their function. */
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
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

/** What tfjs has no gradient for, of tensors of these shapes. */
const functions: Readonly<
  Record<string, { shapes: number[][]; of: (tf: TensorFlow, ...tensors: Tensor[]) => Tensor }>
> = {
  'a dilated convolution': {
    shapes: [
      [2, 7, 6, 2],
      [3, 2, 2, 3],
    ],
    of: (tf, x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same', 'NHWC', [2, 3]),
  },
  'a dilated convolution without padding': {
    shapes: [
      [1, 8, 7, 2],
      [2, 3, 2, 2],
    ],
    of: (tf, x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'valid', 'NHWC', [3, 2]),
  },
  'a dilated depthwise convolution': {
    shapes: [
      [2, 7, 6, 2],
      [3, 2, 2, 2],
    ],
    of: (tf, x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, 'same', 'NHWC', [2, 2]),
  },
  'a transposed convolution in three dimensions': {
    shapes: [
      [1, 2, 3, 2, 2],
      [2, 2, 2, 3, 2],
    ],
    of: (tf, x, filter) => tf.conv3dTranspose(x as Tensor5D, filter as Tensor5D, [1, 4, 6, 4, 3], 2, 'same'),
  },
  einsum: {
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    of: (tf, a, b) => tf.einsum('abc,cd->abd', a, b),
  },
  'einsum over two dimensions': {
    shapes: [
      [2, 3, 4],
      [4, 3, 2],
    ],
    of: (tf, a, b) => tf.einsum('abc,cbd->ad', a, b),
  },
  'einsum that sums over one tensor alone': {
    shapes: [
      [2, 3, 4],
      [4, 2],
    ],
    of: (tf, a, b) => tf.einsum('abc,cd->ad', a, b),
  },
  'sums along the first axis': { shapes: [[4, 4]], of: (tf, x) => tf.cumsum(x, 0) },
  'products along an axis': { shapes: [[2, 4, 3]], of: (tf, x) => tf.cumprod(x, 1) },
  'every second row from the second': {
    shapes: [[6, 3]],
    of: (tf, x) => tf.stridedSlice(x, [1, 0], [6, 3], [2, 1]),
  },
  'rows backwards, one column': {
    shapes: [[7, 3]],
    of: (tf, x) => tf.stridedSlice(x, [6, 1], [0, 2], [-2, 1], 0, 0, 0, 0, 2),
  },
  'a larger picture': {
    shapes: [[1, 3, 4, 2]],
    of: (tf, x) => tf.image.resizeBilinear(x as Tensor4D, [7, 9], false, true),
  },
  'a smaller picture by the nearest pixel': {
    shapes: [[1, 7, 8, 2]],
    of: (tf, x) => tf.image.resizeNearestNeighbor(x as Tensor4D, [3, 5], false, true),
  },
  'the largest of each row': { shapes: [[3, 5]], of: (tf, x) => tf.max(x, 1) },
  'the smallest of all, dimensions kept': { shapes: [[3, 5]], of: (tf, x) => tf.min(x, undefined, true) },
  'the three largest': { shapes: [[2, 6]], of: (tf, x) => tf.topk(x, 3).values },
  'a choice by comparison': { shapes: [[4, 3]], of: (tf, x) => tf.where(x.greater(0.2), x.square(), x.mul(3)) },
}

describe('gradients that tfjs lacks or gets wrong', () => {
  it.for(Object.keys(functions))('are the slope of %s', async (name, context) => {
    const { tf } = await nativeKernels(context)
    const { shapes, of } = functions[name] as (typeof functions)[string]
    const tensors = shapes.map((shape, at) => tf.randomNormal(shape, 0, 1, 'float32', 11 + at))
    const total = (...inputs: Tensor[]) => {
      const result = of(tf, ...inputs).flatten()
      return result.mul(tf.cos(tf.range(0, result.size))).sum()
    }
    const gradients = tf.grads(total as never)(tensors)
    for (const [at, gradient] of gradients.entries()) {
      // A direction of its own for each tensor; both sides, because float32 rounds.
      const direction = tf.randomNormal(shapes[at] as number[], 0, 1, 'float32', 21 + at)
      const along = (step: number): number => {
        const moved = tensors.map((tensor, other) => (other === at ? tensor.add(direction.mul(step)) : tensor))
        return total(...moved).dataSync()[0] as number
      }
      const slope = (along(1e-2) - along(-1e-2)) / 2e-2
      const derived = gradient.mul(direction).sum().dataSync()[0] as number
      expect(Math.abs(slope)).toBeGreaterThan(0.02)
      expect(Math.abs(derived - slope) / Math.abs(slope)).toBeLessThan(5e-3)
    }
  })

  it('are shared by equal values, as in TensorFlow', async (context) => {
    const { tf } = await nativeKernels(context)
    const gradient = tf.grad((x) => tf.max(x, 1))(
      tf.tensor2d([
        [1, 3, 3, 2],
        [5, 5, 5, 5],
      ]),
    )
    expect(await gradient.array()).toEqual([
      [0, 0.5, 0.5, 0],
      [0.25, 0.25, 0.25, 0.25],
    ])
  })

  it('are zero where a value does not move but jumps', async (context) => {
    const { tf } = await nativeKernels(context)
    const gradient = tf.grad((x) => tf.floorDiv(x, tf.scalar(0.3)).sum())(tf.tensor1d([0.5, -2]))
    expect(await gradient.array()).toEqual([0, 0])
    const whole = tf.grad((x) => tf.cast(tf.cast(x, 'int32'), 'float32').mul(x).sum())(tf.tensor1d([0.5, -2.5]))
    expect(await whole.array()).toEqual([0, -2])
  })
})
