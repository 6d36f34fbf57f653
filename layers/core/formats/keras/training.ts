/** Loss, metrics and optimiser from Keras' spelling to what tfjs-layers restores; what would mean something else is left out with a note. */
import { asRecord, type Config, text } from './config.ts'
import type { ReportBuilder } from './report.ts'

/**
 * Without `optimizer_config` where the file does not say which optimiser it was, undefined when training cannot go on exactly as
 * configured; predictions do not depend on it.
 */
export const trainingConfigOf = (value: unknown, report: ReportBuilder, withSlots = false): Config | undefined => {
  const config = asRecord(value)
  if (!config) return undefined
  try {
    const named = asRecord(config.optimizer_config) ?? asRecord(config.optimizer) ?? namedOptimizer(config.optimizer)
    const restored = {
      loss: lossOf(config.loss),
      metrics: metricsOf(config.metrics, report),
      ...(named && { optimizer_config: optimizerOf(named) }),
    }
    if (!named) report.note('the file does not say which optimiser it was trained with')
    else if (!withSlots) report.note('the optimiser starts with empty slots')
    return restored
  } catch (error) {
    if (!(error instanceof NotRestorable)) throw error
    report.note(`the training configuration is left out: ${error.message}`)
    return undefined
  }
}

class NotRestorable extends Error {}

const losses: Readonly<Record<string, string>> = {
  mse: 'mean_squared_error',
  mean_squared_error: 'mean_squared_error',
  MeanSquaredError: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mean_absolute_error: 'mean_absolute_error',
  MeanAbsoluteError: 'mean_absolute_error',
  binary_crossentropy: 'binary_crossentropy',
  BinaryCrossentropy: 'binary_crossentropy',
  categorical_crossentropy: 'categorical_crossentropy',
  CategoricalCrossentropy: 'categorical_crossentropy',
  sparse_categorical_crossentropy: 'sparse_categorical_crossentropy',
  SparseCategoricalCrossentropy: 'sparse_categorical_crossentropy',
  hinge: 'hinge',
  Hinge: 'hinge',
  squared_hinge: 'squared_hinge',
  SquaredHinge: 'squared_hinge',
  poisson: 'poisson',
  Poisson: 'poisson',
}

const lossOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(lossOf)
  const object = asRecord(value)
  const name = text(value) ?? (object?.class_name === 'function' ? text(object.config) : text(object?.class_name))
  if (name === undefined) {
    if (!object) throw new NotRestorable('it has no loss')
    return Object.fromEntries(Object.entries(object).map(([output, loss]) => [output, lossOf(loss)]))
  }
  const loss = losses[name]
  if (!loss) throw new NotRestorable(`loss ${name} is not known`)
  const { from_logits: logits, label_smoothing: smoothing } = asRecord(object?.config) ?? {}
  if (logits) throw new NotRestorable(`loss ${name} is taken from logits, tfjs-layers takes it from probabilities`)
  if (smoothing) throw new NotRestorable(`loss ${name} smooths its labels`)
  return loss
}

/** `accuracy` is the one that fits the loss, in tfjs as in Keras. */
const metrics: Readonly<Record<string, string>> = {
  accuracy: 'accuracy',
  acc: 'accuracy',
  binary_accuracy: 'binary_accuracy',
  categorical_accuracy: 'categorical_accuracy',
  sparse_categorical_accuracy: 'accuracy',
  SparseCategoricalAccuracy: 'accuracy',
  CategoricalAccuracy: 'categorical_accuracy',
  BinaryAccuracy: 'binary_accuracy',
  mse: 'mse',
  mean_squared_error: 'mse',
  MeanSquaredError: 'mse',
  mae: 'mae',
  mean_absolute_error: 'mae',
  MeanAbsoluteError: 'mae',
}

/** Metrics only inform, so an unknown one goes alone. */
const metricsOf = (value: unknown, report: ReportBuilder): string[] => {
  const list = Array.isArray(value) ? value.flat(3) : Object.values(asRecord(value) ?? {}).flat(3)
  const names = list.flatMap((metric): string[] => {
    const object = asRecord(metric)
    const name = text(metric) ?? text(asRecord(object?.config)?.fn) ?? text(object?.class_name)
    const known = name === undefined ? undefined : metrics[name]
    if (known === undefined) report.note(`metric ${name ?? 'without a name'} is left out: it is not known`)
    return known === undefined ? [] : [known]
  })
  return [...new Set(names)]
}

/** `compile("adam")` is kept as the bare name; it stands for Keras' own defaults. */
const namedOptimizer = (value: unknown): Config | undefined => {
  const name = text(value)
  if (name === undefined) return undefined
  const known = ['Adam', 'AdamW', 'SGD', 'RMSprop'].find((className) => className.toLowerCase() === name.toLowerCase())
  return { class_name: known ?? name, config: known === 'SGD' ? { learning_rate: 0.01 } : {} }
}

const optimizerOf = (value: Config): Config => {
  const own = asRecord(value.config)
  if (!own) throw new NotRestorable('its optimizer has no configuration')
  const name = String(value.class_name).split('>').at(-1)
  const number = (option: string, fallback: number): number => {
    const given = own[option] ?? fallback
    if (typeof given !== 'number') throw new NotRestorable(`${name}'s ${option} is a schedule`)
    return given
  }
  for (const option of ['clipnorm', 'clipvalue', 'use_ema', 'amsgrad', 'gradient_accumulation_steps']) {
    if (own[option]) throw new NotRestorable(`${name}'s ${option} is not supported`)
  }
  const decay = number('weight_decay', name === 'AdamW' ? 0.004 : 0)
  const limit = number('global_clipnorm', 0)
  const common = {
    learning_rate: number('learning_rate', 0.001),
    ...(decay > 0 && { weight_decay: decay }),
    ...(limit > 0 && { global_clipnorm: limit }),
  }
  switch (name) {
    case 'Adam':
    case 'AdamW':
      return {
        class_name: 'Adam',
        config: {
          ...common,
          beta_1: number('beta_1', 0.9),
          beta_2: number('beta_2', 0.999),
          epsilon: number('epsilon', 1e-7),
        },
      }
    case 'SGD': {
      const momentum = number('momentum', 0)
      if (momentum === 0) return { class_name: 'SGD', config: common }
      return { class_name: 'Momentum', config: { ...common, momentum, use_nesterov: own.nesterov === true } }
    }
    case 'RMSprop':
      return {
        class_name: 'RMSProp',
        config: {
          ...common,
          decay: number('rho', 0.9),
          momentum: number('momentum', 0),
          epsilon: number('epsilon', 1e-7),
          centered: own.centered === true,
        },
      }
    default:
      throw new NotRestorable(`optimizer ${name} is not known; known: Adam, AdamW, SGD, RMSprop`)
  }
}
