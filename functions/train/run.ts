/** The steps of a training run in order: data, model, initial weights, loop, evaluation. Everything but reading the job and writing the candidate. */
import { createHash } from 'node:crypto'
import type { History, Report } from '@maas/core/contract'
import type { DataSet, ReadDataOptions } from '@maas/core/data'
import { InvalidInputError } from '@maas/core/errors'
import { type Predictor, predictPart, predictRows, quickMetrics } from '@maas/core/evaluate'
import { toLayersModel } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import {
  buildModel,
  type CheckpointStore,
  continuedState,
  createEngine,
  type DataFacts,
  leftOut,
  modelWeights,
  type PresetName,
  penaltyOf,
  presetFor,
  type Settings,
  type StepEngine,
  settingsFor,
  squaredOtherwise,
  summaryOf,
  type Topology,
  type TrainResult,
  topologyFor,
  train,
} from '@maas/core/train'
import type { TrainingSpec } from './spec.ts'
import type { Start } from './start.ts'

type Model = Awaited<ReturnType<typeof buildModel>>

/** Kept of the training data for validation where neither data nor job say. */
const VALIDATION_SPLIT = 0.1
/** Kept for test where the data brings no test part. */
const TEST_SPLIT = 0.15
const MAX_BAD_FILES = 100
const SEED = 1

export const dataOptions = ({ hyperparameters }: TrainingSpec): Omit<ReadDataOptions, 'onProgress' | 'signal'> => ({
  task: hyperparameters.task,
  target: hyperparameters.target,
  validationSplit: hyperparameters.validation_split ?? VALIDATION_SPLIT,
  testSplit: hyperparameters.test_split ?? TEST_SPLIT,
  seed: hyperparameters.seed ?? SEED,
  maxBadFiles: hyperparameters.max_bad_files ?? MAX_BAD_FILES,
})

/** What is trained, and how: decided by the job, the preset and the data before anything is computed. */
export interface Plan {
  /** `topology` for a topology of one's own. */
  readonly preset: PresetName | 'topology'
  readonly topology: Topology
  readonly settings: Settings
}

export const planRun = ({ hyperparameters, topology }: TrainingSpec, data: DataSet): Plan => {
  const { kind } = data.preprocess
  const facts: DataFacts = { task: data.task, labels: data.labels, rowShape: data.train.rowShape, kind }
  if (topology) return { preset: 'topology', topology, settings: settingsFor(hyperparameters, undefined, facts) }
  const preset = presetFor(hyperparameters.maas_preset, facts)
  const settings = settingsFor(hyperparameters, preset, facts)
  return { preset, settings, topology: topologyFor(preset, settings, facts) }
}

/** One standardised unit of the target in its own unit, and where zero lies; mean 0 and std 1 for classes. */
export const targetUnit = ({ preprocess }: DataSet): { readonly mean: number; readonly std: number } =>
  (preprocess.kind === 'tabular' ? preprocess.target : undefined) ?? { mean: 0, std: 1 }

export interface RunDeps {
  readonly kernels: Kernels
  readonly checkpoints: CheckpointStore
  readonly report: Report
  /** Milliseconds. */
  readonly now: () => number
  readonly signal: AbortSignal
}

export interface Run {
  readonly plan: Plan
  readonly model: Model
  readonly result: TrainResult
  readonly predict: Predictor
  readonly dispose: () => void
}

/** Builds the model and trains it; at the end it holds the best epoch's weights. The caller disposes the run. */
export const runTrainingLoop = async (spec: TrainingSpec, data: DataSet, deps: RunDeps): Promise<Run> => {
  const { kernels } = deps
  /** How a run begins belongs to its history; the loop keeps its own notices, over resumed runs too. */
  const beginning: History['notices'] = []
  const report: Report = (event) => {
    deps.report(event)
    if (event.event === 'notice') beginning.push({ level: event.level, code: event.code, message: event.message })
  }
  const plan = planRun(spec, data)
  const { settings } = plan
  const { start } = spec
  const model = await (start
    ? toLayersModel({ topology: plan.topology, weights: start.artifact.weights }, kernels)
    : buildModel(plan.topology, settings.seed, kernels))
  checkFit(model, plan, data)
  report({ event: 'model', preset: plan.preset, parameters: model.countParams(), summary: summaryOf(model) })
  const inputScale = data.preprocess.kind === 'image' ? data.preprocess.scale : 1
  const { accumulate, augment, batchSize, clipNorm, loss, momentum, optimizer: name, seed, weightDecay } = settings
  const optimizer = { name, momentum, weightDecay, accumulate, ...(clipNorm > 0 && { clipNorm }) }
  const config = { model, loss, optimizer, inputScale, augment, batchSize, seed }
  const engine = createEngine(config, kernels, Math.max(batchSize, predictRows), report)
  if (start) goOn(start, engine, model, report)
  const without = leftOut(model)
  if (without.length > 0)
    report({
      event: 'notice',
      level: 'warning',
      code: 'left_out',
      message: `Trained without what only Keras does in training: ${without.join(', ')}.`,
    })
  const otherwise = start ? squaredOtherwise(model, name) : []
  if (otherwise.length > 0)
    report({
      event: 'notice',
      level: 'warning',
      code: 'embedding_gradients',
      message: `Losses will part from those of Keras on TensorFlow, as ${name} squares the gradients of ${otherwise.join(', ')} after adding up those of a token's occurrences, Keras before it; sgd trains the same.`,
    })
  const predict: Predictor = (batch) => predictWith(engine, batch)
  const validated = data.validation.examples > 0
  if (!validated)
    report({
      event: 'notice',
      level: 'warning',
      code: 'no_validation',
      message:
        'There is no validation data: the last epoch is kept, and overfitting cannot be seen. Set validation_split, e.g. 0.1.',
    })
  const { std } = targetUnit(data)
  const result = await train(
    {
      ...settings,
      data: data.train,
      task: data.task,
      unit: std,
      monitor: validated ? settings.monitor : 'none',
      maxSeconds: spec.maxSeconds,
      identity: identityOf(plan, data, [kernels.backend, engine.mode, start?.fingerprint ?? ''].join(' ').trim()),
    },
    {
      ...deps,
      engine,
      weights: modelWeights(kernels, model),
      validate: async () => {
        if (!validated) return {}
        const metrics = quickMetrics(await predictPart(data.validation, predict), data.validation, data.task, std)
        return { ...metrics, loss: (metrics.loss ?? Number.NaN) + penalty(kernels, model) }
      },
    },
  ).catch((error: unknown) => {
    engine.dispose()
    model.dispose()
    throw error
  })
  const history = { ...result.history, notices: [...beginning, ...result.history.notices] }
  return {
    plan,
    model,
    result: { ...result, history },
    predict,
    dispose: () => {
      engine.dispose()
      model.dispose()
    },
  }
}

/** The optimiser where it was; a checkpoint of this very job is loaded over it later. */
const goOn = ({ optimizer }: Start, engine: StepEngine, model: Model, report: Report): void => {
  try {
    if (optimizer) engine.restoreOptimizer(continuedState(engine.saveOptimizer(), optimizer))
  } catch (error) {
    engine.dispose()
    model.dispose()
    throw error
  }
  const how = optimizer ? `its optimiser has made ${optimizer.step} steps` : 'optimiser slots start fresh'
  report({
    event: 'notice',
    level: 'info',
    code: 'continued',
    message: `Training goes on with the given weights; ${how}.`,
  })
}

const predictWith = (engine: StepEngine, batch: Parameters<Predictor>[0]): Float32Array => {
  if (!engine.predict) throw new Error(`the ${engine.mode} engine cannot predict`)
  return engine.predict(batch)
}

/** Regularisation is part of the training loss, so it is part of the validation loss too, as in Keras. */
const penalty = ({ tf }: Kernels, model: Model): number =>
  tf.tidy(() => penaltyOf(tf, model, tf.scalar(0)).dataSync()[0] ?? 0)

/** A topology of one's own must take the data's rows and give one number a class. */
const checkFit = (model: Model, { settings }: Plan, data: DataSet): void => {
  const [input, output] = [model.inputs[0]?.shape.slice(1) ?? [], model.outputs[0]?.shape.at(-1)]
  const { rowShape } = data.train
  const fits = input.length === rowShape.length && input.every((size, at) => size === null || size === rowShape[at])
  if (!fits)
    throw new InvalidInputError(`the topology takes rows of shape [${input}], the data has [${rowShape}]`, {
      param: 'maas_topology',
    })
  const classes = data.labels.length
  if (settings.loss.includes('categorical') && output !== classes)
    throw new InvalidInputError(`the topology ends in ${output} outputs, the data has ${classes} classes`, {
      param: 'maas_topology',
    })
}

/** Two runs with the same identity would compute the same; `epochs` may grow unless the learning rate depends on it. */
const identityOf = ({ settings, topology }: Plan, data: DataSet, engine: string): string => {
  const { epochs, ...rest } = settings
  const facts = {
    ...rest,
    epochs: settings.schedule === 'constant' ? undefined : epochs,
    topology,
    engine,
    data: [data.report.fingerprint, data.report.split, data.train.examples, data.validation.examples],
    preprocess: data.preprocess,
  }
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
