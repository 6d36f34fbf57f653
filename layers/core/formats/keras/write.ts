/** A model as a `.h5` or `.keras` file that Python Keras loads and that predicts the same there. */
import { strToU8, zipSync } from 'fflate'
import { UnsupportedError } from '../../errors.ts'
import { writeHdf5 } from '../hdf5/write.ts'
import type { ModelArtifact } from '../types.ts'
import { asRecord, type Config, layerFrom } from './config.ts'
import { meansKeras3, modelModules } from './export-layer.ts'
import { exportModel } from './export-model.ts'
import { exportWeights } from './export-weights.ts'
import { exportWeightsV3 } from './export-weights-v3.ts'
import { Refusal } from './report.ts'

/** What the file says wrote it: Keras' loaders choose conversions by it, and need none from here on. */
const versions = { keras_version: '2.15.0', backend: 'tensorflow' }

/** The oldest Keras that reads this form. */
const ARCHIVE_VERSION = '3.0.0'

/**
 * A `.h5` file. Keras 3 reads every one written here, Keras 2 those of models without nested models and without initial states.
 * UnsupportedError names a layer that Keras would compute differently.
 */
export const writeKerasH5 = (artifact: ModelArtifact): Promise<Uint8Array> =>
  refusing(async () => {
    const { model, config, training } = exported(artifact)
    return writeHdf5({
      attributes: {
        ...versions,
        model_config: JSON.stringify(config),
        ...(training && { training_config: JSON.stringify(training) }),
      },
      groups: new Map([['model_weights', exportWeights(model, artifact.weights, versions)]]),
    })
  })

/** A `.keras` archive, for Keras 3; UnsupportedError as for `.h5`. */
export const writeKerasArchive = (artifact: ModelArtifact): Promise<Uint8Array> =>
  refusing(async () => {
    const { model, config, training } = exported(artifact)
    const json = (value: unknown) => strToU8(JSON.stringify(value))
    const compiled = training && { compile_config: compileConfig(training) }
    const entries = {
      'metadata.json': json({ keras_version: ARCHIVE_VERSION }),
      'config.json': json({ module: modelModules[config.class_name], registered_name: null, ...config, ...compiled }),
      'model.weights.h5': await writeHdf5(exportWeightsV3(model, artifact.weights)),
    }
    // Stored as they are, like Keras does: weights hardly compress.
    return zipSync(entries, { level: 0, mtime: EPOCH })
  })

/** The first day a zip archive can name: the same model gives the same bytes. */
const EPOCH = '1980-01-01T00:00:00'

const exported = (artifact: ModelArtifact) => {
  const model = layerFrom(artifact.topology, 'topology')
  const config = exportModel(model)
  const training = artifact.trainingConfig && exportTraining(artifact.trainingConfig)
  return { model, config: meansKeras3(artifact.topology) ? forKeras3Only(config) : config, training }
}

const refusing = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new UnsupportedError(`cannot be written for Keras: ${error.message}`, { cause: error })
  }
}

/** The same under the names of the archive's form. */
const compileConfig = ({ optimizer_config: optimizer, ...others }: Config): Config => ({
  ...others,
  optimizer: { module: 'keras.optimizers', registered_name: null, ...asRecord(optimizer) },
})

/** Keras 2 refuses an input with an option that it does not know. */
const forKeras3Only = <T extends Config>(config: T): T =>
  JSON.parse(JSON.stringify(config), (_, value) =>
    asRecord(value)?.class_name === 'InputLayer' ? { ...value, config: { ...value.config, optional: false } } : value,
  )

/** Spelled alike by both versions; left out when the optimiser has no counterpart. */
const exportTraining = (config: Readonly<Config>): Config | undefined => {
  const optimizer = exportOptimizer(asRecord(config.optimizer_config))
  return (
    optimizer && {
      loss: config.loss,
      metrics: config.metrics ?? [],
      loss_weights: null,
      weighted_metrics: null,
      optimizer_config: optimizer,
    }
  )
}

const exportOptimizer = (optimizer: Config | undefined): Config | undefined => {
  const own = asRecord(optimizer?.config) ?? {}
  // tfjs' optimisers name their options in camel case.
  const option = (keras: string, tfjs: string, fallback: number): unknown => own[keras] ?? own[tfjs] ?? fallback
  const common = {
    learning_rate: option('learning_rate', 'learningRate', 0.001),
    // tfjs has none of them, training here has.
    ...Object.fromEntries(
      ['weight_decay', 'global_clipnorm', 'gradient_accumulation_steps'].flatMap((name) =>
        own[name] === undefined ? [] : [[name, own[name]]],
      ),
    ),
  }
  switch (optimizer?.class_name) {
    case 'Adam':
      return {
        class_name: 'Adam',
        config: {
          name: 'Adam',
          ...common,
          beta_1: option('beta_1', 'beta1', 0.9),
          beta_2: option('beta_2', 'beta2', 0.999),
          epsilon: option('epsilon', 'epsilon', 1e-7),
          amsgrad: false,
        },
      }
    case 'SGD':
      return { class_name: 'SGD', config: { name: 'SGD', ...common, momentum: option('momentum', 'momentum', 0) } }
    case 'Momentum':
      return {
        class_name: 'SGD',
        config: {
          name: 'SGD',
          ...common,
          momentum: option('momentum', 'momentum', 0),
          nesterov: (own.use_nesterov ?? own.useNesterov) === true,
        },
      }
    case 'RMSprop':
    case 'RMSProp':
      return {
        class_name: 'RMSprop',
        config: {
          name: 'RMSprop',
          ...common,
          rho: option('rho', 'decay', 0.9),
          momentum: option('momentum', 'momentum', 0),
          epsilon: option('epsilon', 'epsilon', 1e-7),
          centered: own.centered === true,
        },
      }
    default:
      return undefined
  }
}
