/** The training task: what a job asks for in, a candidate version out. Pure but for what its dependencies do. */

import { describeReplay, encodeGolden, generateGolden } from '@maas/core/certificate'
import { type Evaluation, type Lineage, type Report, type TrainingEventBody, versionFiles } from '@maas/core/contract'
import type { DataSet, readDataSet } from '@maas/core/data'
import { InvalidInputError, MaasError } from '@maas/core/errors'
import { drawExamples, evaluate, headlineOf, renderReport } from '@maas/core/evaluate'
import { encodeLayersJson, type ModelArtifact, signatureOf, toModelArtifact, writeKerasH5 } from '@maas/core/formats'
import { certify } from '@maas/core/predict/certify'
import { overfittingGap, type Settings } from '@maas/core/train'
import type { Candidate } from './candidate.ts'
import { dataOptions, type Plan, type Run, type RunDeps, runTrainingLoop, targetUnit } from './run.ts'
import type { TrainingSpec } from './spec.ts'

export interface TrainingDeps extends RunDeps {
  readonly readData: typeof readDataSet
  /** e.g. `maas 0.1.0`. */
  readonly code: string
  readonly date: () => Date
}

export interface Trained {
  readonly candidate: Candidate
  /** What to report once the candidate is safe. */
  readonly end: Extract<TrainingEventBody, { event: 'end' }>
}

/** The job was asked to stop; its checkpoint is kept. */
export class StoppedError extends MaasError {
  readonly end: Trained['end']
  constructor(end: Trained['end']) {
    super('canceled', 'training was stopped; its checkpoint is kept')
    this.end = end
  }
}

/**
 * Reads the data, trains, evaluates once and makes every file of the candidate.
 * StoppedError when the signal came first; TrainingError, InvalidInputError and others say in words why there is no model.
 */
export const runTraining = async (spec: TrainingSpec, deps: TrainingDeps): Promise<Trained> => {
  const data = await readData(spec, deps)
  const run = await runTrainingLoop(spec, data, deps)
  try {
    const { result } = run
    const end = {
      event: 'end',
      reason: result.reason,
      bestEpoch: result.history.bestEpoch,
      seconds: result.seconds,
    } as const
    if (deps.signal.aborted) throw new StoppedError({ ...end, reason: 'stopped', metrics: result.metrics })
    const evaluation = await measure(data, run, deps.report)
    if (deps.signal.aborted) throw new StoppedError({ ...end, reason: 'stopped', metrics: result.metrics })
    const candidate = await makeCandidate(spec, data, run, evaluation, deps)
    return { candidate, end: { ...end, metrics: candidate.metrics } }
  } finally {
    run.dispose()
  }
}

const readData = async (
  spec: TrainingSpec,
  { kernels, readData: read, report, signal }: TrainingDeps,
): Promise<DataSet> => {
  const onProgress = (done: number, total?: number, message?: string): void =>
    report({ event: 'data', done, ...(total !== undefined && { total }), ...(message !== undefined && { message }) })
  const data = await read(spec.data, { ...dataOptions(spec), onProgress, signal }, { kernels })
  const { test, train, validation } = data
  const all = train.examples + validation.examples + test.examples
  const classes = data.task === 'classification' ? `, ${data.labels.length} classes` : ''
  const message = `${data.report.name}: ${train.examples} train, ${validation.examples} validation and ${test.examples} test examples${classes}, rows of ${train.rowShape.join('x')}`
  report({ event: 'data', done: all, total: all, message })
  for (const warning of data.report.warnings)
    report({ event: 'notice', level: 'warning', code: 'data', message: warning })
  const { badFileCount: bad, badFiles } = data.report
  if (bad > 0) {
    const [first] = badFiles
    const sample = first ? `, e.g. ${first.path}: ${first.reason}` : ''
    const words = `left out as unreadable: ${bad} ${bad === 1 ? 'file' : 'files'}${sample}`
    report({ event: 'notice', level: 'warning', code: 'bad_files', message: words })
  }
  return data
}

/** On test data; where there is none on validation data, which has chosen the epoch and so flatters. */
const measure = async (data: DataSet, { predict }: Run, report: Report): Promise<Evaluation> => {
  const split = data.test.examples > 0 ? 'test' : 'validation'
  const part = data[split]
  if (part.examples === 0)
    throw new InvalidInputError(
      'there is neither test nor validation data to measure the model on; set test_split, e.g. 0.15',
      {
        param: 'test_split',
      },
    )
  if (split === 'validation')
    report({
      event: 'notice',
      level: 'warning',
      code: 'no_test',
      message:
        'There is no test data: the model is measured on the validation data that chose its epoch, which flatters it. Set test_split, e.g. 0.15.',
    })
  const evaluation = await evaluate(
    { part, split, task: data.task, labels: data.labels, target: targetUnit(data) },
    predict,
  )
  report({ event: 'evaluation', split, metrics: headlineOf(evaluation) })
  return evaluation
}

/** Settings in force under the names of their hyperparameters, so that the job can be given again. */
const settingsText = ({ preset, settings }: Plan): Record<string, string> => {
  const names: Partial<Record<keyof Settings, string>> = {
    epochs: 'epochs',
    batchSize: 'batch_size',
    learningRate: 'learning_rate',
    schedule: 'learning_rate_schedule',
    optimizer: 'optimizer',
    ...(settings.optimizer !== 'adam' && { momentum: 'momentum' }),
    loss: 'loss',
    patience: 'early_stopping_patience',
    minGradientNorm: 'min_gradient_norm',
    clipNorm: 'clip_norm',
    weightDecay: 'weight_decay',
    accumulate: 'gradient_accumulation_steps',
    augment: 'augment',
    ...(preset !== 'topology' && { l2: 'l2', dropout: 'dropout' }),
    ...(preset === 'mlp' && { hiddenUnits: 'hidden_units' }),
    seed: 'seed',
  }
  const chosen = Object.entries(names).map(([key, name]) => [name, String(settings[key as keyof Settings])])
  return Object.fromEntries(preset === 'topology' ? chosen : [['maas_preset', preset], ...chosen])
}

/** Loss, metrics and optimiser as Keras writes them into its files. */
const keras = ({
  data,
  settings,
}: {
  readonly data: DataSet
  readonly settings: Settings
}): ModelArtifact['trainingConfig'] => {
  const { accumulate, clipNorm, learningRate, loss, momentum, optimizer, weightDecay } = settings
  const common = {
    learning_rate: learningRate,
    ...(weightDecay > 0 && { weight_decay: weightDecay }),
    ...(clipNorm > 0 && { global_clipnorm: clipNorm }),
    ...(accumulate > 1 && { gradient_accumulation_steps: accumulate }),
  }
  const optimizers = {
    adam: { class_name: 'Adam', config: { ...common, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 } },
    rmsprop: {
      class_name: 'RMSprop',
      config: { ...common, rho: 0.9, momentum, epsilon: 1e-7, centered: false },
    },
    sgd: { class_name: 'SGD', config: { ...common, momentum, nesterov: false } },
  }
  return {
    loss,
    metrics: [data.task === 'classification' ? 'accuracy' : 'mae'],
    weighted_metrics: null,
    loss_weights: null,
    sample_weight_mode: null,
    optimizer_config: optimizers[optimizer],
  }
}

/** Golden tensors of the trained model, and how the graph that will serve it answers them. */
const certifyModel = async (artifact: ModelArtifact, { kernels, date, report }: TrainingDeps) => {
  const { golden, replay, graph, rowsIndependent, notes } = await certify(
    artifact,
    { kernels, now: date },
    (signature, reference) => generateGolden(signature, reference),
  )
  const warn = (message: string): void => report({ event: 'notice', level: 'warning', code: 'certificate', message })
  for (const note of notes) warn(note)
  if (golden === undefined || replay === undefined) return { files: {} }
  if (!replay.passed) warn(`The parity certificate ${describeReplay(replay)}; no alias can move to this version.`)
  const encoded = encodeGolden(golden.golden, golden.inputs, golden.outputs)
  return {
    files: { [versionFiles.golden]: encoded.golden, [versionFiles.goldenValues]: encoded.values },
    certified: { replay, rowsIndependent, ...(graph && { graph }) },
  }
}

const makeCandidate = async (
  spec: TrainingSpec,
  data: DataSet,
  { model, plan, result }: Run,
  evaluation: Evaluation,
  deps: TrainingDeps,
): Promise<Candidate> => {
  const { code, kernels } = deps
  const { settings } = plan
  const artifact: ModelArtifact = { ...toModelArtifact(model), trainingConfig: keras({ data, settings }) ?? {} }
  const layersJson = encodeLayersJson(artifact)
  const { files: goldens, certified } = await certifyModel(artifact, deps)
  const parameters = model.countParams()
  const examples = { train: data.train.examples, validation: data.validation.examples, test: data.test.examples }
  const hyperparameters = settingsText(plan)
  const lineage: Lineage = {
    source: 'training',
    job: spec.name,
    dataset: {
      name: data.report.name,
      fingerprint: data.report.fingerprint,
      examples: examples.train + examples.validation + examples.test,
    },
    hyperparameters,
    seed: settings.seed,
    code,
    kernels: kernels.id,
  }
  const shown = evaluation.task === 'classification' ? evaluation.mistakes.map(({ index }) => index) : []
  const report = renderReport({
    title: spec.hyperparameters.maas_model_name ?? spec.name,
    evaluation,
    history: result.history,
    seconds: result.seconds,
    model: { preset: plan.preset, parameters, summary: summaryText(model) },
    data: { report: data.report, preprocess: data.preprocess, labels: data.labels, examples },
    settings: hyperparameters,
    lineage,
    pictures: await drawExamples(evaluation.split === 'test' ? data.test : data.validation, shown),
  })
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const json = (value: unknown): Uint8Array => text(`${JSON.stringify(value, null, 2)}\n`)
  return {
    files: {
      [versionFiles.model]: layersJson.model,
      [versionFiles.weights]: layersJson.weights,
      'model.h5': await writeKerasH5(artifact),
      [versionFiles.signature]: json(signatureOf(model)),
      [versionFiles.preprocess]: json(data.preprocess),
      [versionFiles.labels]: json(data.labels),
      [versionFiles.evaluation]: json(evaluation),
      [versionFiles.history]: json(result.history),
      [versionFiles.report]: text(report),
      ...goldens,
    },
    metrics: {
      ...headlineOf(evaluation),
      ...validationMetrics(result.metrics),
      ...overfittingGap(result.metrics),
      parameters,
      best_epoch: result.history.bestEpoch,
      epochs: result.history.epochs.length,
      training_seconds: result.seconds,
    },
    lineage,
    ...(certified && { certified }),
  }
}

/** Of the epoch that was kept. */
const validationMetrics = (metrics: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => name.startsWith('val_')))

const summaryText = (model: Run['model']): string =>
  model.layers.map((layer) => `${layer.name} [${[layer.outputShape].flat().slice(1)}]`).join(', ')
