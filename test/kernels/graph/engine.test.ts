/** What a compiled engine promises beside its losses: repeatable, resumable, without leaks, apart from other engines, or refused by name. */
import { residentBytes } from '@maas/core/formats'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { createGraphEngine } from '../../../layers/core/graph/index.ts'
import { computeStep } from '../../../layers/core/graph/step.ts'
import { createOptimizer } from '../../../layers/core/train/optimizers.ts'
import { nativeKernels } from '../native.ts'
import { configure, makeBatch, type Net, netOf } from './nets.ts'

const noisy: Net = {
  loss: 'sparse_categorical_crossentropy',
  rowShape: [6, 6, 2],
  width: 4,
  build: ({ layers, ...tf }) =>
    tf.sequential({
      layers: [
        layers.conv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, activation: 'relu' }),
        layers.dropout({ rate: 0.25 }),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.batchNormalization({}),
        layers.flatten(),
        layers.gaussianDropout({ rate: 0.2 }),
        layers.dense({ units: 12, activation: 'selu' }),
        layers.alphaDropout({ rate: 0.1 }),
        layers.dense({ units: 4, activation: 'softmax' }),
      ],
    }),
}

const weightsOf = (model: LayersModel): number[][] => model.weights.map((weight) => [...weight.read().dataSync()])

describe('a compiled engine', () => {
  it('repeats a run with dropout and noise bit for bit, and gives another one for another seed', async (context) => {
    const kernels = await nativeKernels(context)
    const run = (seed: number) => {
      const engine = createGraphEngine(configure(kernels, noisy, { seed }), kernels, 8)
      const losses = Array.from({ length: 12 }, (_, step) => engine.step(makeBatch(noisy, 8, step % 3), 0.01).loss)
      engine.dispose()
      return losses
    }
    const once = run(3)
    expect(run(3)).toEqual(once)
    expect(run(4)).not.toEqual(once)
  })

  it('draws the same dropout and noise as the layers do eagerly from the same source', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const engine = createGraphEngine(configure(kernels, noisy), kernels, 8)
    const eager = configure(kernels, noisy)
    const variables = eager.model.trainableWeights.map((weight) => ({
      name: weight.originalName,
      variable: weight.read() as never,
    }))
    const optimizer = createOptimizer(tf, eager.optimizer, variables)
    for (let step = 0; step < 20; step++) {
      const batch = makeBatch(noisy, 8, step % 3)
      const expected = tf.tidy(() => {
        const features = tf.tensor(batch.features, [8, ...batch.rowShape])
        const computed = computeStep(kernels, eager, {
          features,
          targets: tf.tensor1d(batch.targets as Int32Array, 'int32'),
          step: tf.scalar(step, 'int32'),
        })
        optimizer.apply([...computed.gradients.values()], 0.01)
        computed.correct.dispose()
        return computed.loss.dataSync()[0] as number
      })
      expect(Math.abs(engine.step(batch, 0.01).loss - expected)).toBeLessThan(1e-4)
    }
    engine.dispose()
  })

  it('goes on from a saved state as if it had not stopped', async (context) => {
    const kernels = await nativeKernels(context)
    // The state after five steps is that amid an update of two.
    const optimizer = { name: 'adam', momentum: 0, accumulate: 2 } as const
    const config = configure(kernels, noisy, { optimizer })
    const straight = createGraphEngine(config, kernels, 8)
    for (let step = 0; step < 5; step++) straight.step(makeBatch(noisy, 8, step), 0.01)
    straight.sync()
    const state = structuredClone(straight.saveOptimizer())
    expect(state.step).toBe(5)
    expect(state.slots[0]?.name).toMatch(/kernel\/momentum$/)

    expect(state.slots.at(-1)?.name).toMatch(/bias\/accumulator$/)

    const fresh = configure(kernels, noisy, { optimizer })
    kernels.tf.tidy(() => fresh.model.setWeights(config.model.getWeights()))
    const resumed = createGraphEngine(fresh, kernels, 8)
    const forgetful = createGraphEngine(fresh, kernels, 8)
    resumed.restoreOptimizer(state)
    const goOn = (engine: typeof straight) =>
      Array.from({ length: 5 }, (_, step) => engine.step(makeBatch(noisy, 8, step), 0.01))
    const expected = goOn(straight)
    expect(goOn(resumed)).toEqual(expected)
    expect(goOn(forgetful)).not.toEqual(expected)
    for (const engine of [straight, resumed, forgetful]) engine.dispose()
  })

  it('changes the layers model on sync only, and takes its weights back on reload', async (context) => {
    const kernels = await nativeKernels(context)
    const net = netOf('batch normalisation')
    const config = configure(kernels, net)
    const before = weightsOf(config.model)
    const engine = createGraphEngine(config, kernels, 16)
    engine.step(makeBatch(net, 16, 0), 0.01)
    expect(weightsOf(config.model)).toEqual(before)
    const batch = makeBatch(net, 16, 1)
    const predicted = engine.predict(batch)
    engine.sync()
    const after = weightsOf(config.model)
    for (const [index, values] of after.entries()) expect(values).not.toEqual(before[index])
    const expected = kernels.tf.tidy(() => {
      const features = kernels.tf.tensor(batch.features, [16, ...batch.rowShape])
      return [...(config.model.predict(features) as Tensor).dataSync()]
    })
    for (const [index, value] of predicted.entries()) expect(value).toBeCloseTo(expected[index] as number, 5)

    engine.step(batch, 0.01)
    engine.reload()
    engine.sync()
    expect(weightsOf(config.model)).toEqual(after)
    engine.dispose()
  })

  it('takes bytes and floats alike, scaled in the graph', async (context) => {
    const kernels = await nativeKernels(context)
    const net = netOf('a convolutional net with L2')
    const engine = createGraphEngine(configure(kernels, net, { inputScale: 1 / 255 }), kernels, 16)
    const bytes = makeBatch(net, 16, 0, true)
    const floats = { ...bytes, features: Float32Array.from(bytes.features) }
    expect(engine.check(bytes)).toEqual(engine.check(floats))
    const scaled = configure(kernels, net, { inputScale: 1 / 128 })
    const other = createGraphEngine(scaled, kernels, 16)
    expect(other.check(bytes).loss).not.toBe(engine.check(bytes).loss)
    engine.dispose()
    other.dispose()
  })

  it('keeps its variables to itself', async (context) => {
    const kernels = await nativeKernels(context)
    const net = netOf('a binary classifier')
    const [one, two] = [0, 1].map(() => createGraphEngine(configure(kernels, net), kernels, 16))
    const untouched = two?.check(makeBatch(net, 16, 0))
    for (let step = 0; step < 3; step++) one?.step(makeBatch(net, 16, step), 0.1)
    expect(two?.check(makeBatch(net, 16, 0))).toEqual(untouched)
    one?.dispose()
    two?.dispose()
  })

  it('leaves no tensor behind in a thousand steps, and cannot be used when disposed', async (context) => {
    const kernels = await nativeKernels(context)
    const net = netOf('a regression')
    const config = configure(kernels, net)
    const tensors = kernels.tf.memory().numTensors
    const engine = createGraphEngine(config, kernels, 16)
    const native = kernels.native.counters().tensors
    for (let step = 0; step < 1000; step++) engine.step(makeBatch(net, 16, step % 5), 1e-3)
    engine.predict(makeBatch(net, 16, 0))
    engine.saveOptimizer()
    expect(kernels.native.counters().tensors).toBe(native)
    engine.sync()
    expect(kernels.tf.memory().numTensors).toBe(tensors)
    engine.dispose()
    expect(() => engine.step(makeBatch(net, 16, 0), 1e-3)).toThrow(/closed/)
    engine.dispose()
  })

  it('gives the memory of its weights and of its optimiser back when it is disposed', async (context) => {
    if (process.platform !== 'linux') return context.skip('memory is read from /proc')
    const kernels = await nativeKernels(context)
    // A million weights of four bytes, and as many of each of Adam's moments: 12 MB an engine.
    const net: Net = {
      loss: 'sparse_categorical_crossentropy',
      rowShape: [1000],
      width: 1000,
      build: ({ layers, sequential }) =>
        sequential({ layers: [layers.dense({ inputShape: [1000], units: 1000, activation: 'softmax' })] }),
    }
    const config = configure(kernels, net, { optimizer: { name: 'adam', momentum: 0 } })
    const batch = makeBatch(net, 8, 0)
    const anonymous = async () => (await residentBytes(process.pid, 'RssAnon')) / 2 ** 20
    const trained = () => {
      const engine = createGraphEngine(config, kernels, 8)
      engine.step(batch, 1e-3)
      return engine
    }
    const grown = async (rounds: number, each: () => void) => {
      const before = await anonymous()
      for (let round = 0; round < rounds; round++) each()
      return (await anonymous()) - before
    }
    await grown(2, () => trained().dispose())
    const kept: { dispose(): void }[] = []
    const disposed = await grown(8, () => trained().dispose())
    const alive = await grown(3, () => kept.push(trained()))
    for (const engine of kept) engine.dispose()
    // 96 MB if they were kept.
    expect(disposed).toBeLessThan(48)
    expect(alive).toBeGreaterThan(24)
  })

  it('refuses batches that do not fit, saying what fits', async (context) => {
    const kernels = await nativeKernels(context)
    const net = netOf('a regression')
    const engine = createGraphEngine(configure(kernels, net), kernels, 16)
    expect(() => engine.step(makeBatch(net, 17, 0), 0.1)).toThrow(/17 rows.*1 to 16/)
    expect(() => engine.restoreOptimizer({ step: 1, slots: [] })).toThrow(/slots of shapes/)
    engine.dispose()
  })
})
