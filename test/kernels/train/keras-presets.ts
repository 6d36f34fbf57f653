/** The presets without dropout, with the weights and batches that Python Keras had, and the losses of their steps. */
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { StepConfig } from '../../../layers/core/graph/index.ts'
import {
  buildModel,
  type DataFacts,
  modelWeights,
  type StepEngine,
  settingsFor,
  topologyFor,
} from '../../../layers/core/train/index.ts'
import type { NativeKernels } from '../native.ts'
import { initialWeight, makeBatches } from './keras-losses.ts'

const labels = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`)
const image: DataFacts = { task: 'classification', labels: labels(10), rowShape: [32, 32, 3], kind: 'image' }
const table: DataFacts = { task: 'classification', labels: labels(3), rowShape: [8], kind: 'table' }
export const presets = [
  ['cifar10-cnn', image],
  ['cifar10-cnn-overfit', image],
  ['mlp', table],
] as const
export type Preset = Parameters<typeof topologyFor>[0]

async function modelOf(kernels: NativeKernels, preset: Preset, facts: DataFacts): Promise<LayersModel> {
  const model = await buildModel(topologyFor(preset, settingsFor({}, preset, facts), facts), 1, kernels)
  const weights = modelWeights(kernels, model)
  weights.write(weights.read().map((weight, index) => ({ ...weight, data: initialWeight(index, weight.shape) })))
  return model
}

/** What either engine takes, with a model of its own. */
export async function configFor(kernels: NativeKernels, preset: Preset, facts: DataFacts): Promise<StepConfig> {
  return {
    model: await modelOf(kernels, preset, facts),
    loss: 'sparse_categorical_crossentropy',
    optimizer: { name: 'adam', momentum: 0 },
    inputScale: facts.kind === 'image' ? 1 / 255 : 1,
    seed: 1,
  }
}

/** Of the first steps; the engine is gone then. */
export function lossesOf(engine: StepEngine, facts: DataFacts, steps: number, rate = 0.001): number[] {
  const batch = makeBatches(facts.rowShape, facts.labels.length)
  const losses = Array.from({ length: steps }, (_, step) => engine.step(batch(step), rate).loss)
  engine.dispose()
  return losses
}

/** The largest distance of two runs in any step. */
export const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))))
