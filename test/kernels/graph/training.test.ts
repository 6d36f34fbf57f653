/** Compiled training against the eager engine, which computes the same in another way: the same losses, for every kind of layer and optimiser. */
import { describe, expect, it } from 'vitest'
import {
  createGraphEngine,
  type OptimizerConfig,
  type StepConfig,
  type StepEngine,
} from '../../../layers/core/graph/index.ts'
import { createEagerEngine } from '../../../layers/core/train/eager.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'
import { buildNet, makeBatch, type Net, netNames, netOf } from './nets.ts'

const adam: OptimizerConfig = { name: 'adam', momentum: 0 }

function configure(kernels: NativeKernels, net: Net, optimizer = adam): StepConfig {
  return { model: buildNet(kernels.tf, net), loss: net.loss, optimizer, inputScale: 1, seed: 7 }
}

/** Losses, hits and norms of twenty steps, every fourth with fewer rows. */
function twentySteps(engine: StepEngine, net: Net, rate = 0.01) {
  return Array.from({ length: 20 }, (_, index) =>
    engine.step(makeBatch(net, index % 4 === 3 ? 6 : 16, index % 8), rate),
  )
}

const apart = (a: readonly { loss: number }[], b: readonly { loss: number }[]): number =>
  Math.max(...a.map(({ loss }, index) => Math.abs(loss - (b[index]?.loss ?? Number.NaN))))

describe('a compiled training step', () => {
  it.for(netNames)('gives the eager losses for %s', async (name, context) => {
    const kernels = await nativeKernels(context)
    const net = netOf(name)
    const graph = createGraphEngine(configure(kernels, net), kernels, 16)
    const eager = createEagerEngine(configure(kernels, net), kernels)
    const control = createEagerEngine(configure(kernels, net), kernels)
    const compiled = twentySteps(graph, net)
    const reference = twentySteps(eager, net)
    expect(apart(compiled, reference)).toBeLessThan(1e-4)
    expect(apart(compiled, twentySteps(control, net, 0.0105))).toBeGreaterThan(1e-4)
    expect(compiled.map(({ correct }) => correct)).toEqual(
      reference.map(({ correct }) => expect.closeTo(correct, net.loss === 'mean_squared_error' ? 3 : 5)),
    )
    for (const [index, { gradientNorm }] of compiled.entries()) {
      expect(gradientNorm / (reference[index]?.gradientNorm ?? 0)).toBeCloseTo(1, 3)
    }
    graph.dispose()
    eager.dispose()
    control.dispose()
  })

  const optimizers: OptimizerConfig[] = [
    { name: 'sgd', momentum: 0 },
    { name: 'sgd', momentum: 0.9 },
    { name: 'rmsprop', momentum: 0 },
    { name: 'rmsprop', momentum: 0.5 },
    { name: 'adam', momentum: 0, clipNorm: 0.1 },
    { name: 'adam', momentum: 0, weightDecay: 0.5 },
    { name: 'sgd', momentum: 0.9, weightDecay: 0.9 },
    { name: 'adam', momentum: 0, accumulate: 3 },
    { name: 'rmsprop', momentum: 0.5, accumulate: 2, clipNorm: 0.1, weightDecay: 0.5 },
  ]
  it.for(optimizers)('gives the eager losses with %o', async (optimizer, context) => {
    const kernels = await nativeKernels(context)
    const net = netOf('a convolutional net with L2')
    const graph = createGraphEngine(configure(kernels, net, optimizer), kernels, 16)
    const eager = createEagerEngine(configure(kernels, net, optimizer), kernels)
    const compiled = twentySteps(graph, net, 0.002)
    expect(apart(compiled, twentySteps(eager, net, 0.002))).toBeLessThan(1e-4)
    graph.dispose()
    eager.dispose()
  })
})
