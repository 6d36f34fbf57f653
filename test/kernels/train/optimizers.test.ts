/** The eager optimisers against Keras' formulas, worked out in double precision by `fixtures/make.py`. */

import { type Kernels, loadKernels } from '@maas/core/kernels'
import { createOptimizer, type OptimizerConfig } from '@maas/core/train'
import { beforeAll, describe, expect, it } from 'vitest'
import { relativeError } from './compare.ts'
import reference from './fixtures/reference.json' with { type: 'json' }

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: () => undefined })
})

/** Values of the variables after each step; two variables, so that norms go over both. */
const run = (config: OptimizerConfig): number[][] => {
  const { tf } = kernels
  const variables = [reference.start.slice(0, 2), reference.start.slice(2)].map((values, index) => ({
    name: `w${index}`,
    variable: tf.tidy(() => tf.variable(tf.tensor1d(values))),
  }))
  const optimizer = createOptimizer(tf, config, variables)
  const after = reference.gradients.map((step) => {
    tf.tidy(() => {
      optimizer.apply([tf.tensor1d(step.slice(0, 2)), tf.tensor1d(step.slice(2))], reference.rate)
    })
    return variables.flatMap(({ variable }) => [...variable.dataSync()])
  })
  optimizer.dispose()
  for (const { variable } of variables) variable.dispose()
  return after
}

/** How far each weight moved: that is what an optimiser decides, and small moves count as much as large ones. */
const moves = (after: readonly number[][]): number[] =>
  after.flatMap((values) => values.map((value, i) => value - (reference.start[i] ?? 0)))

describe('optimisers', () => {
  it.each(reference.optimizers)(
    '$optimizer with momentum $momentum, clipping $clipNorm, decay $weightDecay and $accumulate steps an update moves as Keras does',
    ({ accumulate, clipNorm, expected, momentum, optimizer, weightDecay }) => {
      const config = {
        name: optimizer as OptimizerConfig['name'],
        momentum,
        ...(clipNorm !== undefined && { clipNorm }),
        ...(weightDecay !== undefined && { weightDecay }),
        ...(accumulate !== undefined && { accumulate }),
      }
      expect(relativeError(run(config).flat(), expected.flat())).toBeLessThan(1e-6)
    },
  )

  it('moves by tiny gradients as Keras does, where tfjs’ own Adam would not', () => {
    const { tf } = kernels
    const expected = moves(reference.optimizers[0]?.expected ?? [])
    // Weights of size 1 hold moves to about 1e-7; the smallest gradients move them by 1e-3 and more.
    const tiny = (all: number[]) => all.filter((_, i) => i % 6 === 5)
    expect(relativeError(tiny(moves(run({ name: 'adam', momentum: 0 }))), tiny(expected))).toBeLessThan(1e-3)

    const stock = tf.train.adam(reference.rate, 0.9, 0.999, 1e-7)
    const variable = tf.variable(tf.tensor1d(reference.start))
    const after = reference.gradients.map((step) => {
      tf.tidy(() => stock.applyGradients([{ name: variable.name, tensor: tf.tensor1d(step) }]))
      return [...variable.dataSync()]
    })
    expect(relativeError(tiny(moves(after)), tiny(expected))).toBeGreaterThan(1e-2)
  })

  it('tells steps apart from the ones of another learning rate', () => {
    const expected = reference.optimizers[0]?.expected ?? []
    expect(relativeError(run({ name: 'rmsprop', momentum: 0 }).flat(), expected.flat())).toBeGreaterThan(1e-3)
  })

  it('gives the norm before clipping', () => {
    const { tf } = kernels
    const variable = tf.variable(tf.zeros([2]))
    const optimizer = createOptimizer(tf, { name: 'sgd', momentum: 0, clipNorm: 1 }, [{ name: 'w', variable }])
    expect(tf.tidy(() => optimizer.apply([tf.tensor1d([3, 4])], 1).dataSync()[0])).toBeCloseTo(5, 6)
    expect([...variable.dataSync()]).toEqual([-Math.fround(0.6), -Math.fround(0.8)])
    optimizer.dispose()
    variable.dispose()
  })

  it('keeps nothing but its slots', () => {
    const { tf } = kernels
    run({ name: 'adam', momentum: 0 })
    const before = tf.memory().numTensors
    run({ name: 'adam', momentum: 0 })
    expect(tf.memory().numTensors).toBe(before)
  })
})
