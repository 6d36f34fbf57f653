/** Augmentation inside the step: what the compiled step's net sees, read back through the gradient of a net that copies it. */
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { augmentImages } from '../../../layers/core/graph/augmentation.ts'
import { createGraphEngine, type StepConfig, type StepEngine } from '../../../layers/core/graph/index.ts'
import { stepRandomness } from '../../../layers/core/graph/randomness.ts'
import { createEagerEngine } from '../../../layers/core/train/eager.ts'
import { type Move, moveImage, moveOf, positions, rowShape } from '../../support/moved-images.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

const still: Move = { mirrored: false, down: 0, right: 0 }

/** One output, all weights zero: for the target -1/2 the gradient of the mean squared error is the image itself. */
function configure({ tf }: NativeKernels, more: Partial<StepConfig> = {}): StepConfig {
  const model = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: rowShape }), tf.layers.dense({ units: 1, kernelInitializer: 'zeros' })],
  })
  const optimizer = { name: 'sgd', momentum: 0 } as const
  return { model, loss: 'mean_squared_error', optimizer, inputScale: 1, augment: true, seed: 5, ...more }
}

const batch = { features: positions, targets: Float32Array.of(-0.5), rows: 1, rowShape }

/** What the net sees of one image in each of some steps. */
function seen({ tf }: NativeKernels, { model }: StepConfig, engine: StepEngine, steps: number): number[][] {
  const images = Array.from({ length: steps }, () => {
    tf.tidy(() => model.setWeights(model.getWeights().map((weight) => tf.zerosLike(weight))))
    engine.reload()
    engine.step(batch, -1)
    engine.sync()
    return [...(model.getWeights()[0]?.dataSync() ?? [])]
  })
  engine.dispose()
  return images
}

const compiled = (kernels: NativeKernels, more: Partial<StepConfig> = {}, steps = 30): number[][] => {
  const config = configure(kernels, more)
  return seen(kernels, config, createGraphEngine(config, kernels, 4), steps)
}

describe('a compiled step that augments', () => {
  it('shows the net whole moves of its image, another each step, by the seed alone', async (context) => {
    const kernels = await nativeKernels(context)
    const images = compiled(kernels)
    const moves = images.map(moveOf)
    expect(moves).not.toContain(undefined)
    expect(new Set(images.map(String)).size).toBeGreaterThan(15)
    expect(compiled(kernels)).toEqual(images)
    expect(compiled(kernels, { seed: 6 })).not.toEqual(images)
    expect(compiled(kernels, { augment: false }, 3)).toEqual([0, 1, 2].map(() => moveImage(still)))
  })

  it('goes on drawing where a saved optimiser stopped', async (context) => {
    const kernels = await nativeKernels(context)
    const images = compiled(kernels, {}, 8)
    const config = configure(kernels)
    const engine = createGraphEngine(config, kernels, 4)
    engine.restoreOptimizer({ step: 5, slots: [] })
    expect(seen(kernels, config, engine, 3)).toEqual(images.slice(5))
  })

  it('predicts and evaluates from the image as it is', async (context) => {
    const kernels = await nativeKernels(context)
    const config = configure(kernels)
    const engine = createGraphEngine(config, kernels, 4)
    for (let step = 0; step < 3; step++) engine.step(batch, 1e-6)
    engine.sync()
    const [kernel] = config.model.getWeights()
    const weights = kernel?.dataSync() ?? []
    const sum = (image: ArrayLike<number>) =>
      Array.from(weights).reduce((total, weight, index) => total + weight * (image[index] as number), 0)
    const bias = config.model.getWeights()[1]?.dataSync()[0] ?? 0
    for (let call = 0; call < 3; call++) expect(engine.predict(batch)[0]).toBeCloseTo(sum(positions) + bias, 5)
    expect(sum(moveImage({ ...still, right: 1 }))).not.toBeCloseTo(sum(positions), 5)
    engine.dispose()
  })
})

describe('the eager step that augments', () => {
  it('does the same by numbers drawn in JavaScript', async (context) => {
    const kernels = await nativeKernels(context)
    const run = (seed: number) => {
      const config = configure(kernels, { seed })
      return seen(kernels, config, createEagerEngine(config, kernels), 20)
    }
    const images = run(5)
    expect(images.map(moveOf)).not.toContain(undefined)
    expect(new Set(images.map(String)).size).toBeGreaterThan(10)
    expect(run(5)).toEqual(images)
    expect(run(6)).not.toEqual(images)
  })
})

describe('what is drawn', () => {
  it('mirrors half of the images and moves them evenly, the farthest half as often', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const rows = 4000
    const images = tf.tidy(() => {
      const step = tf.scalar(3, 'int32')
      const image = tf.tensor(Float32Array.from(positions), [1, ...rowShape])
      const copies = tf.tile(image, [rows, 1, 1, 1]) as Tensor4D
      return augmentImages(tf, copies, stepRandomness(tf, kernels.native, 1, step))
    })
    const values = images.dataSync()
    images.dispose()
    const moves = Array.from({ length: rows }, (_, row) =>
      moveOf([...values.subarray(row * positions.length, (row + 1) * positions.length)]),
    )
    const share = (test: (move: Move) => boolean) => moves.filter((move) => move && test(move)).length / rows
    // Four standard deviations of a share among 4,000 are at most 0.032.
    expect(share(() => true)).toBe(1)
    expect(Math.abs(share(({ mirrored }) => mirrored) - 0.5)).toBeLessThan(0.032)
    for (const direction of ['down', 'right'] as const) {
      for (const [pixels, expected] of [
        [-2, 1 / 8],
        [-1, 1 / 4],
        [0, 1 / 4],
        [1, 1 / 4],
        [2, 1 / 8],
      ] as const) {
        expect(Math.abs(share((move) => move[direction] === pixels) - expected)).toBeLessThan(0.032)
      }
    }
    // Mirror and moves are drawn apart from each other.
    expect(Math.abs(share(({ mirrored, down, right }) => mirrored && down > 0 && right > 0) - 9 / 128)).toBeLessThan(
      0.02,
    )
  })
})
