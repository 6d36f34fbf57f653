/**
 * Whole presets against Python Keras: from the same weights and batches, the loss of every step. Both without oneDNN:
 * its kernels round differently with every count of threads, and what one run of Keras is then from another is no measure.
 */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createEagerEngine, createEngine, type DataFacts, type StepEngine } from '../../../layers/core/train/index.ts'
import { findPython, runPython } from '../../support/python.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'
import reference from './fixtures/keras-losses.json' with { type: 'json' }
import { batchSize } from './keras-losses.ts'
import { apart, configFor, lossesOf, type Preset, presets } from './keras-presets.ts'

// Read when the kernels are loaded, once in each process; a test file has a process of its own.
process.env.TF_ENABLE_ONEDNN_OPTS = '0'

const python = findPython('keras', 'losses of Python Keras')

async function engineFor(kernels: NativeKernels, preset: Preset, facts: DataFacts, mode: StepEngine['mode']) {
  const config = await configFor(kernels, preset, facts)
  const engine =
    mode === 'eager' ? createEagerEngine(config, kernels) : createEngine(config, kernels, batchSize, () => undefined)
  expect(engine.mode).toBe(mode)
  return engine
}

/** Means of twenty steps each. */
const smooth = (losses: readonly number[]): number[] =>
  Array.from({ length: losses.length / 20 }, (_, window) => {
    const part = losses.slice(window * 20, (window + 1) * 20)
    return part.reduce((sum, loss) => sum + loss, 0) / part.length
  })

describe.each(presets)('%s', (preset, facts) => {
  const { threads2 } = reference[preset]
  const first = threads2.slice(0, 20)

  it('has Keras’ loss in each of the first 20 steps, compiled and eager', async (context) => {
    const kernels = await nativeKernels(context)
    for (const mode of ['graph', 'eager'] as const) {
      const losses = lossesOf(await engineFor(kernels, preset, facts, mode), facts, 20)
      expect(apart(losses, first)).toBeLessThan(1e-4)
    }
    const other = lossesOf(await engineFor(kernels, preset, facts, 'graph'), facts, 20, 0.00102)
    expect(apart(other, first)).toBeGreaterThan(1e-3)
  })

  it('stays with Keras over 200 steps, as close as Keras’ own runs are to each other', async (context) => {
    const kernels = await nativeKernels(context)
    const compiledLosses = lossesOf(await engineFor(kernels, preset, facts, 'graph'), facts, 200)
    const compiled = smooth(compiledLosses)
    const runs = Object.values(reference[preset]).map(smooth)
    const widest = Math.max(...runs.flatMap((one) => runs.map((two) => apart(one, two))))
    const nearest = Math.min(...runs.map((run) => apart(compiled, run)))
    expect(nearest).toBeLessThanOrEqual(Math.max(widest, 1e-4))
    // A net that does not learn keeps its first loss, far from all of them.
    const idle = smooth(compiledLosses.map(() => threads2[0] as number))
    expect(Math.min(...runs.map((run) => apart(idle, run)))).toBeGreaterThan(10 * Math.max(widest, 1e-4))
  })

  it('repeats bit for bit', async (context) => {
    const kernels = await nativeKernels(context)
    const run = async () => lossesOf(await engineFor(kernels, preset, facts, 'graph'), facts, 20)
    expect(await run()).toEqual(await run())
  })

  it('has the losses of the Keras that is installed here', { timeout: 300_000 }, async (context) => {
    if (python === undefined) return context.skip('Python Keras is not installed: node test/tools/install.mjs keras')
    const kernels = await nativeKernels(context)
    const script = fileURLToPath(new URL('fixtures/keras-losses.py', import.meta.url))
    const env = { TF_ENABLE_ONEDNN_OPTS: '0' }
    const keras = await runPython<number[]>(python, [script, preset, '2', '20'], { env })
    const compiled = lossesOf(await engineFor(kernels, preset, facts, 'graph'), facts, 20)
    expect(apart(compiled, keras)).toBeLessThan(1e-4)
  })
})
