/** A run that was stopped and resumed against one that never was: the same weights, with dropout, batch normalisation and augmentation. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import {
  buildModel,
  createEagerEngine,
  createEngine,
  fileCheckpoints,
  modelWeights,
  type StepConfig,
  type StepEngine,
  type TrainInput,
  train,
} from '@maas/core/train'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nativeKernels } from '../native.ts'
import { relativeError } from './compare.ts'

const layer = (class_name: string, config: Record<string, unknown>) => ({ class_name, config })
const kernel_initializer = layer('GlorotUniform', {})
const topology = {
  class_name: 'Sequential',
  config: {
    name: 'small',
    layers: [
      layer('Conv2D', {
        name: 'conv',
        filters: 4,
        kernel_size: [3, 3],
        kernel_initializer,
        batch_input_shape: [null, 8, 8, 3],
      }),
      layer('BatchNormalization', { name: 'norm', momentum: 0.9 }),
      layer('Activation', { name: 'relu', activation: 'relu' }),
      layer('Flatten', { name: 'flatten' }),
      layer('Dropout', { name: 'dropout', rate: 0.3 }),
      layer('Dense', { name: 'dense', units: 3, activation: 'softmax', kernel_initializer }),
    ],
  },
}

const examples = 50
const data = {
  examples,
  rowShape: [8, 8, 3],
  features: Uint8Array.from({ length: examples * 192 }, (_, i) => (i * 7919 + (i >> 5) * 31) % 256),
  targets: Int32Array.from({ length: examples }, (_, i) => i % 3),
}
const input: TrainInput = {
  data,
  task: 'classification',
  unit: 1,
  epochs: 3,
  batchSize: 16,
  learningRate: 0.01,
  schedule: 'cosine',
  seed: 3,
  identity: 'small',
  monitor: 'none',
  patience: 0,
  minGradientNorm: 0,
  maxSeconds: Number.POSITIVE_INFINITY,
}

type EngineOf = (config: StepConfig, kernels: Kernels) => StepEngine
const compiled: EngineOf = (config, kernels) =>
  createEngine(config, kernels, 16, (event) => {
    throw new Error(`not compiled: ${JSON.stringify(event)}`)
  })

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: () => undefined })
})
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'resume-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Trains in a model of its own, from the checkpoint if there is one; stops after step `stopAfter`. Returns all weights. */
const run = async (
  engineOf: EngineOf,
  options: { stopAfter?: number; forget?: boolean; checkpoints?: boolean; seed?: number } = {},
) => {
  const seed = options.seed ?? input.seed
  const model = await buildModel(topology, seed, kernels)
  const real = engineOf(
    {
      model,
      loss: 'sparse_categorical_crossentropy',
      optimizer: { name: 'adam', momentum: 0 },
      inputScale: 1 / 255,
      augment: true,
      seed,
    },
    kernels,
  )
  const stopping = new AbortController()
  let steps = 0
  const engine: StepEngine = {
    ...real,
    mode: real.mode,
    step: (batch, rate) => {
      if (++steps === options.stopAfter) stopping.abort()
      return real.step(batch, rate)
    },
    sync: () => real.sync(),
    reload: () => real.reload(),
    saveOptimizer: () => real.saveOptimizer(),
    restoreOptimizer: (state) => (options.forget ? undefined : real.restoreOptimizer(state)),
    dispose: () => real.dispose(),
  }
  const weights = modelWeights(kernels, model)
  const result = await train(
    { ...input, seed },
    {
      engine,
      weights,
      validate: () => ({}),
      ...(options.checkpoints !== false && { checkpoints: fileCheckpoints(directory) }),
      report: () => undefined,
      now: () => performance.now(),
      signal: stopping.signal,
    },
  )
  const values = weights.read().flatMap(({ data: array }) => [...array])
  real.dispose()
  model.dispose()
  return { values, reason: result.reason }
}

const check = async (engineOf: EngineOf) => {
  const whole = await run(engineOf, { checkpoints: false })
  expect((await run(engineOf, { stopAfter: 6 })).reason).toBe('stopped')
  const resumed = await run(engineOf)
  expect(resumed.reason).toBe('completed')
  expect(relativeError(resumed.values, whole.values)).toBeLessThan(1e-6)
}

/** What the comparison must be able to tell: a resumed run that forgot its optimiser, and another seed. */
const checkControls = async (engineOf: EngineOf) => {
  const whole = await run(engineOf, { checkpoints: false })
  await run(engineOf, { stopAfter: 6 })
  const forgetful = await run(engineOf, { forget: true })
  expect(relativeError(forgetful.values, whole.values)).toBeGreaterThan(1e-3)
  const other = await run(engineOf, { checkpoints: false, seed: 4 })
  expect(relativeError(other.values, whole.values)).toBeGreaterThan(1e-3)
}

describe('resuming on the eager engine', () => {
  it('ends with the weights of an uninterrupted run', () => check(createEagerEngine))
  it('would not, had the optimiser been forgotten or the seed been another', () => checkControls(createEagerEngine))
})

describe('resuming on the compiled engine', () => {
  it('ends with the weights of an uninterrupted run', async (context) => {
    await nativeKernels(context)
    await check(compiled)
  })
  it('would not, had the optimiser been forgotten or the seed been another', async (context) => {
    await nativeKernels(context)
    await checkControls(compiled)
  })
})
