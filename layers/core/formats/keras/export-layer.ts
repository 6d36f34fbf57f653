/** One layer from tfjs-layers' configuration back to one that Python Keras 2 and 3 both read; what would mean something else there is refused. */
import { asRecord, type Config, type KerasLayer, layerFrom, nameOf, text } from './config.ts'
import { layerRules } from './layer-rules.ts'
import { Refusal } from './report.ts'

/** tfjs' own bookkeeping, and options which Keras 3 no longer knows and which change nothing. */
const dropped = new Set(['implementation', 'input_length', 'sparse', 'ragged'])

/** Layers whose constructor does not know the option in Keras 3. */
const untrainable = new Set(['InputLayer', 'SpatialDropout1D'])

export const exportLayer = (layer: KerasLayer): { class_name: string; config: Config } => {
  const { class_name: className, config } = layer
  const rule = Object.hasOwn(layerRules, className) ? layerRules[className] : undefined
  if (!rule) throw new Refusal(`layer ${nameOf(layer)} (${className}) has no counterpart in Keras that is known here`)
  const kept: Config = {
    name: config.name,
    ...(!untrainable.has(className) && { trainable: config.trainable ?? true }),
    dtype: text(config.dtype) ?? 'float32',
  }
  if (className === 'InputLayer') kept.batch_input_shape = config.batch_input_shape
  for (const option of rule.keep) {
    const value = config[option]
    if (value !== undefined && !dropped.has(option)) kept[option] = exportValue(option, value, nameOf(layer))
  }
  if (Array.isArray(kept.axis) && kept.axis.length > 1) {
    throw new Refusal(
      `layer ${nameOf(layer)} works on axes ${kept.axis}, and Keras 3 forgets all but the last when it reads .h5`,
    )
  }
  // Both versions read `alpha`; Keras 3 would write negative_slope.
  if (className === 'LeakyReLU') kept.alpha = config.alpha
  if (className === 'GRU' || className === 'GRUCell') kept.reset_after = false
  return { class_name: className, config: kept }
}

/** Inside another layer Keras 3 finds a class by its module. */
const exportInner = (value: unknown, where: string): Config => ({
  module: 'keras.layers',
  registered_name: null,
  ...exportLayer(layerFrom(value, where)),
})

const exportValue = (option: string, value: unknown, layer: string): unknown => {
  if (option.endsWith('activation')) return exportActivation(value, layer)
  if (option.endsWith('_initializer')) return exportInitializer(value)
  if (option === 'layer' || option === 'cell') return exportInner(value, `${layer}.${option}`)
  if (option === 'cells' && Array.isArray(value)) return value.map((cell) => exportInner(cell, `${layer}.cells`))
  // tfjs writes an open dimension as null.
  if (option === 'target_shape' && Array.isArray(value)) return value.map((size) => size ?? -1)
  return value
}

const exportActivation = (value: unknown, layer: string): unknown => {
  // tfjs serialises an activation as text or as an object with a class name.
  const name = text(value) ?? text(asRecord(value)?.class_name) ?? null
  if (name === 'hard_sigmoid') {
    throw new Refusal(
      `layer ${layer} uses hard_sigmoid, which Keras 3 computes differently from TF.js; use sigmoid, or train it in Keras`,
    )
  }
  return name
}

/** Initial values are replaced by the stored weights; only what both versions spell alike is kept. */
const exportInitializer = (value: unknown): unknown => {
  const object = asRecord(value)
  const { seed, ...config } = asRecord(object?.config) ?? {}
  switch (object?.class_name) {
    case 'Ones':
    case 'Constant':
    case 'RandomUniform':
    case 'RandomNormal':
    case 'TruncatedNormal':
    case 'Orthogonal':
      return { class_name: object.class_name, config }
    case 'VarianceScaling': {
      const normal = config.distribution === 'normal'
      return {
        class_name: 'VarianceScaling',
        config: { ...config, distribution: normal ? 'truncated_normal' : 'uniform' },
      }
    }
    case 'GlorotUniform':
    case 'GlorotNormal':
    case 'HeNormal':
    case 'HeUniform':
      return { class_name: object.class_name, config: {} }
    default:
      return { class_name: 'Zeros', config: {} }
  }
}
