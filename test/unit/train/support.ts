/** A tiny world for the loop: a model of one weight whose every step depends on the batch, the rate and the steps before. */
import type { TrainingEventBody } from '@maas/core/contract'
import type { DataPart } from '@maas/core/data'
import type { NamedArray, StepEngine, TrainDeps, TrainInput } from '@maas/core/train'

export const part = (examples: number): DataPart => ({
  examples,
  rowShape: [1],
  features: Float32Array.from({ length: examples }, (_, i) => i),
  targets: new Int32Array(examples),
})

export interface FakeOptions {
  /** Loss of a step, by the number of steps made before it. */
  readonly loss?: (step: number) => number
  readonly gradientNorm?: number
  /** Validation metrics by epoch, from 0; an epoch has three steps. */
  readonly validation?: (epoch: number) => Record<string, number>
  /** Called after each step with its number, from 1. */
  readonly afterStep?: (step: number) => void
}

/** The engine keeps its weight to itself between `sync` calls, as the graph engine does. */
export const fakeRun = (options: FakeOptions = {}) => {
  const model = { weight: 1 }
  const engineState = { weight: 1, slot: 0, step: 0 }
  const seen: number[][] = []
  const events: TrainingEventBody[] = []
  let clock = 0
  const engine: StepEngine = {
    mode: 'eager',
    step: (batch, rate) => {
      seen.push([...batch.features])
      engineState.slot = 0.9 * engineState.slot + (batch.features[0] ?? 0)
      engineState.weight -= rate * (engineState.slot + engineState.weight)
      engineState.step += 1
      clock += 10
      options.afterStep?.(engineState.step)
      const loss = options.loss?.(engineState.step - 1) ?? 1 / engineState.step
      return { loss, correct: batch.rows / 2, gradientNorm: options.gradientNorm ?? 1 }
    },
    sync: () => {
      model.weight = engineState.weight
    },
    reload: () => {
      engineState.weight = model.weight
    },
    saveOptimizer: () => ({
      step: engineState.step,
      slots: [{ name: 'w/momentum', shape: [1], data: Float32Array.of(engineState.slot) }],
    }),
    restoreOptimizer: ({ step, slots }) => Object.assign(engineState, { step, slot: slots[0]?.data[0] }),
    dispose: () => undefined,
  }
  const deps: TrainDeps = {
    engine,
    weights: {
      read: (): NamedArray[] => [{ name: '0/w', shape: [1], data: Float32Array.of(model.weight) }],
      write: ([first]) => {
        model.weight = first?.data[0] ?? Number.NaN
      },
    },
    validate: () => {
      const epoch = Math.ceil(engineState.step / 3) - 1
      return options.validation?.(epoch) ?? { loss: 1 / (epoch + 1), accuracy: epoch / 100 }
    },
    report: (event) => {
      events.push(event)
    },
    now: () => clock,
  }
  return { deps, engineState, events, model, seen }
}

export const input = (changes: Partial<TrainInput> = {}): TrainInput => ({
  data: part(10),
  task: 'classification',
  unit: 1,
  epochs: 3,
  batchSize: 4,
  learningRate: 0.01,
  schedule: 'constant',
  seed: 7,
  identity: 'run',
  monitor: 'val_accuracy',
  patience: 0,
  minGradientNorm: 0,
  maxSeconds: Number.POSITIVE_INFINITY,
  ...changes,
})
