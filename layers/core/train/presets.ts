/** Presets and the settings of a run: what the job's hyperparameters leave open, the preset and the data decide. */
import type { HyperParameters, lossNames, optimizerNames, presetNames } from '../contract/index.ts'
import type { DataSet } from '../data/types.ts'
import { InvalidInputError } from '../errors.ts'
import type { Monitor } from './diagnose.ts'
import type { Topology } from './model.ts'
import { cifar10Cnn, cifar10CnnOverfit } from './models/cifar10-cnn.ts'
import { cifar10CnnRegularized } from './models/cifar10-cnn-regularized.ts'
import { mlp } from './models/mlp.ts'
import type { Architecture } from './models/types.ts'
import type { Schedule } from './schedule.ts'

export type PresetName = (typeof presetNames)[number]

/** Everything about a run that is a choice; the same for presets and for topologies of one's own. */
export interface Settings {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly schedule: Schedule
  readonly optimizer: (typeof optimizerNames)[number]
  readonly momentum: number
  readonly loss: (typeof lossNames)[number]
  readonly monitor: Monitor
  readonly patience: number
  readonly minGradientNorm: number
  /** 0 never clips. */
  readonly clipNorm: number
  readonly weightDecay: number
  /** Steps to one update. */
  readonly accumulate: number
  readonly augment: boolean
  readonly l2: number
  readonly dropout: number
  readonly hiddenUnits: readonly number[]
  readonly seed: number
}

interface Preset {
  readonly architecture: Architecture
  /** Smallest image side its convolutions and pools leave something of; undefined when it takes any data. */
  readonly minSide?: number
  readonly defaults: Partial<Settings>
}

/** What Keras and the tutorial take when nothing is said. */
const common: Omit<Settings, 'loss' | 'monitor'> = {
  epochs: 10,
  batchSize: 32,
  learningRate: 0.001,
  schedule: 'constant',
  optimizer: 'adam',
  momentum: 0,
  patience: 0,
  minGradientNorm: 0,
  clipNorm: 0,
  weightDecay: 0,
  accumulate: 1,
  augment: false,
  l2: 0,
  dropout: 0,
  hiddenUnits: [64, 32],
  seed: 1,
}

const presets: Record<PresetName, Preset> = {
  'cifar10-cnn': { architecture: cifar10Cnn, minSide: 10, defaults: {} },
  'cifar10-cnn-overfit': { architecture: cifar10CnnOverfit, minSide: 8, defaults: {} },
  'cifar10-cnn-regularized': {
    architecture: cifar10CnnRegularized,
    minSide: 8,
    defaults: {
      epochs: 20,
      batchSize: 64,
      learningRate: 0.002,
      schedule: 'cosine',
      augment: true,
      dropout: 0.25,
      l2: 0.0001,
      patience: 8,
    },
  },
  mlp: { architecture: mlp, defaults: { epochs: 50, patience: 10 } },
}

/** What the data says about the model: read from a `DataSet`. */
export type DataFacts = Pick<DataSet, 'labels' | 'task'> & {
  readonly rowShape: readonly number[]
  readonly kind: string
}

/** The preset asked for, or the one that fits the data: images get the tutorial's net, everything else the perceptron. */
export const presetFor = (asked: PresetName | undefined, facts: DataFacts): PresetName =>
  asked ?? (facts.kind === 'image' ? 'cifar10-cnn' : 'mlp')

/** Given hyperparameters over the preset's values over the common ones. `preset` is undefined for an own topology. */
export const settingsFor = (given: HyperParameters, preset: PresetName | undefined, facts: DataFacts): Settings => {
  const regression = facts.task === 'regression'
  const base: Settings = {
    ...common,
    loss: regression ? 'mean_squared_error' : 'sparse_categorical_crossentropy',
    monitor: regression ? 'val_loss' : 'val_accuracy',
    ...(preset && presets[preset].defaults),
  }
  const settings: Settings = {
    ...base,
    epochs: given.epochs ?? base.epochs,
    batchSize: given.batch_size ?? base.batchSize,
    learningRate: given.learning_rate ?? base.learningRate,
    schedule: given.learning_rate_schedule ?? base.schedule,
    optimizer: given.optimizer ?? base.optimizer,
    momentum: given.momentum ?? base.momentum,
    loss: given.loss ?? base.loss,
    patience: given.early_stopping_patience ?? base.patience,
    minGradientNorm: given.min_gradient_norm ?? base.minGradientNorm,
    clipNorm: given.clip_norm ?? base.clipNorm,
    weightDecay: given.weight_decay ?? base.weightDecay,
    accumulate: given.gradient_accumulation_steps ?? base.accumulate,
    augment: given.augment ?? base.augment,
    l2: given.l2 ?? base.l2,
    dropout: given.dropout ?? base.dropout,
    hiddenUnits: given.hidden_units?.split(',').map(Number) ?? base.hiddenUnits,
    seed: given.seed ?? base.seed,
  }
  checkSettings(settings, given, preset, facts)
  return settings
}

const checkSettings = (
  settings: Settings,
  given: HyperParameters,
  preset: string | undefined,
  facts: DataFacts,
): void => {
  const refuse = (param: string, message: string): never => {
    throw new InvalidInputError(`${param}: ${message}`, { param })
  }
  const { task, labels, kind } = facts
  if (task === 'classification' && labels.length < 2)
    refuse(
      'data',
      `the data has ${labels.length} class${labels.length === 1 ? '' : 'es'}; classification needs at least 2`,
    )
  if (task === 'regression' && settings.loss !== 'mean_squared_error')
    refuse('loss', `got ${settings.loss}, but the target is a number; allowed: mean_squared_error`)
  if (task === 'classification' && settings.loss === 'mean_squared_error')
    refuse('loss', 'got mean_squared_error, but the target is a class; use a cross-entropy')
  if (settings.loss === 'binary_crossentropy' && labels.length !== 2)
    refuse(
      'loss',
      `binary_crossentropy is for 2 classes, the data has ${labels.length}; use sparse_categorical_crossentropy`,
    )
  if (settings.augment && kind !== 'image')
    refuse('augment', `only images can be mirrored and moved, the data is ${kind}`)
  if (settings.momentum > 0 && settings.optimizer === 'adam')
    refuse('momentum', 'adam keeps its own momentum; leave it out, or use sgd or rmsprop')
  if (given.hidden_units !== undefined && preset !== 'mlp')
    refuse('hidden_units', `only the preset mlp has them, not ${preset ?? 'a topology of your own'}`)
  if (preset === undefined && (given.l2 !== undefined || given.dropout !== undefined))
    refuse(given.l2 === undefined ? 'dropout' : 'l2', 'a topology of your own says this itself, in its layers')
}

/** Units and activation of the last layer for a loss. */
const headOf = (loss: Settings['loss'], classes: number) =>
  loss === 'mean_squared_error'
    ? ({ outputs: 1, head: 'linear' } as const)
    : loss === 'binary_crossentropy'
      ? ({ outputs: 1, head: 'sigmoid' } as const)
      : ({ outputs: classes, head: 'softmax' } as const)

/** The preset's topology for this data. InvalidInputError when it cannot be. */
export const topologyFor = (name: PresetName, settings: Settings, facts: DataFacts): Topology => {
  const { architecture, minSide } = presets[name]
  const [height = 0, width = 0] = facts.rowShape
  const head = headOf(settings.loss, facts.labels.length)
  const refuse = (why: string): never => {
    throw new InvalidInputError(`maas_preset: ${name} ${why}`, { param: 'maas_preset' })
  }
  if (minSide !== undefined) {
    if (facts.rowShape.length !== 3 || facts.task !== 'classification')
      refuse(`classifies images; the data has rows of shape [${facts.rowShape}] for ${facts.task}; use mlp`)
    if (Math.min(height, width) < minSide)
      refuse(`needs images of at least ${minSide}x${minSide}, got ${height}x${width}; use mlp`)
    if (head.head !== 'softmax') refuse('ends in a softmax; use sparse_categorical_crossentropy')
  }
  const { dropout, hiddenUnits, l2 } = settings
  return architecture({ inputShape: facts.rowShape, ...head, l2, dropout, hiddenUnits })
}
