/**
 * As presets are really trained: with oneDNN's kernels, each step in parts of its rows. Rounding decides now and then on which
 * side of a kink a number falls, and then two runs of Keras itself are up to 2e-2 apart: ours must be one of Keras' runs.
 */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createGraphEngine } from '../../../layers/core/graph/index.ts'
import { findPython, runPython } from '../../support/python.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'
import reference from './fixtures/keras-losses.json' with { type: 'json' }
import { batchSize } from './keras-losses.ts'
import { apart, configFor, lossesOf, presets } from './keras-presets.ts'

// Read when the kernels are loaded, once in each process; a test file has a process of its own.
process.env.TF_ENABLE_ONEDNN_OPTS = '1'

const python = findPython('keras', 'steps in parts beside Python Keras')
const [tutorial, overfit] = presets

/** The losses of 20 steps, which are computed in two parts. */
const run = async (kernels: NativeKernels, [preset, facts]: (typeof presets)[number], rate?: number) => {
  const engine = createGraphEngine(await configFor(kernels, preset, facts), kernels, batchSize, 2)
  expect(engine.parts).toBe(2)
  return lossesOf(engine, facts, 20, rate)
}

const nearest = (losses: readonly number[], runs: readonly (readonly number[])[]): number =>
  Math.min(...runs.map((keras) => apart(losses, keras)))

it('has Keras’ loss in each of the first 20 steps of the tutorial', async (context) => {
  const kernels = await nativeKernels(context)
  const runs = Object.values(reference['cifar10-cnn'])
  expect(nearest(await run(kernels, tutorial), runs)).toBeLessThan(1e-4)
  expect(nearest(await run(kernels, tutorial, 0.00102), runs)).toBeGreaterThan(1e-3)
})

it.for([tutorial, overfit])(
  'has the losses of a Keras with oneDNN, and the same ones again: %s',
  { timeout: 300_000 },
  async (net, context) => {
    if (python === undefined) return context.skip('Python Keras is not installed: node test/tools/install.mjs keras')
    const kernels = await nativeKernels(context)
    const script = fileURLToPath(new URL('fixtures/keras-losses.py', import.meta.url))
    const env = { TF_ENABLE_ONEDNN_OPTS: '1' }
    const keras = await Promise.all(
      ['1', '2'].map((threads) => runPython<number[]>(python, [script, net[0], threads, '20'], { env })),
    )
    const losses = await run(kernels, net)
    expect(nearest(losses, keras)).toBeLessThan(1e-4)
    expect(await run(kernels, net)).toEqual(losses)
    expect(nearest(await run(kernels, net, 0.00102), keras)).toBeGreaterThan(1e-3)
  },
)
