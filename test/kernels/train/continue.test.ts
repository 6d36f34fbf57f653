/** Training that goes on where Keras stopped: the next 20 losses are Keras' own, and without the optimiser's slots they are not. */
import { readModel, requireLayers, toLayersModel } from '@maas/core/formats'
import { loadKernels } from '@maas/core/kernels'
import { afterAll, describe, expect, it } from 'vitest'
import {
  configuredTraining,
  continuedState,
  createEagerEngine,
  createEngine,
  decodeOptimizer,
  encodeOptimizer,
  type OptimizerConfig,
  type StepConfig,
  type StepEngine,
} from '../../../layers/core/train/index.ts'
import reference from './fixtures/continue/losses.json' with { type: 'json' }

const folder = new URL('./fixtures/continue/', import.meta.url).pathname
const kernels = await loadKernels({ announce: () => {} })
if (kernels.native === undefined) console.warn('SKIPPED: native kernels are not built: npm run build:kernels')
const engines: StepEngine[] = []
afterAll(() => {
  for (const engine of engines) engine.dispose()
})

const continued = async (file: string, mode: StepEngine['mode'], withSlots = true) => {
  const { artifact: read, optimizer } = await readModel(`${folder}${file}`, { optimizer: true })
  const artifact = requireLayers(read, 'trained')
  // Keras 3.15 leaves its name and rates out of .keras after it wrote .h5, so there a person says them; its slots are in both.
  const { artifact: named } = await readModel(`${folder}${file.replace('.keras', '.h5')}`)
  const settings = configuredTraining(requireLayers(named, 'trained').trainingConfig ?? {})
  const model = await toLayersModel({ topology: artifact.topology, weights: artifact.weights }, kernels)
  const config: StepConfig = {
    model,
    loss: 'sparse_categorical_crossentropy',
    inputScale: 1,
    seed: 1,
    optimizer: { name: settings.optimizer as OptimizerConfig['name'], momentum: Number(settings.momentum ?? 0) },
  }
  const engine = mode === 'eager' ? createEagerEngine(config, kernels) : createEngine(config, kernels, 16, () => {})
  engines.push(engine)
  expect(engine.mode).toBe(mode)
  if (!optimizer) throw new Error(`${file} has no optimiser`)
  // As a registered version keeps it.
  const kept = decodeOptimizer(encodeOptimizer(optimizer))
  if (withSlots) engine.restoreOptimizer(continuedState(engine.saveOptimizer(), kept))
  return Array.from({ length: 20 }, (_, step) => {
    const at = (step % 4) * 16
    const features = Float32Array.from(reference.x.slice(at * 6, (at + 16) * 6))
    const batch = { features, targets: Int32Array.from(reference.y.slice(at, at + 16)), rows: 16, rowShape: [6] }
    return engine.step(batch, Number(settings.learning_rate)).loss
  })
}

const farthest = (losses: readonly number[], name: keyof typeof reference.losses): number =>
  Math.max(...losses.map((loss, step) => Math.abs(loss - (reference.losses[name][step] ?? Number.NaN))))

type Name = keyof typeof reference.losses & string
const names = Object.keys(reference.losses) as Name[]

describe.skipIf(kernels.native === undefined).each(names)('%s', (name) => {
  it.each([
    ['h5', 'graph'],
    ['keras', 'graph'],
    ['h5', 'eager'],
  ] as const)('goes on from .%s as Keras did (%s)', async (format, mode) => {
    expect(farthest(await continued(`${name}.${format}`, mode), name)).toBeLessThanOrEqual(1e-4)
  })

  it('does not with fresh slots', async () => {
    expect(farthest(await continued(`${name}.h5`, 'graph', false), name)).toBeGreaterThan(1e-3)
  })
})

it('refuses slots of another optimiser', async () => {
  const { optimizer } = await readModel(`${folder}sgd_momentum.h5`, { optimizer: true })
  const fresh = { step: 0, slots: [{ name: 'w/momentum', shape: [2], data: new Float32Array(2) }] }
  expect(() => continuedState(fresh, optimizer ?? fresh)).toThrow(/optimiser/)
})
