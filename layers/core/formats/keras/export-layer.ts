/** One layer from the topology back to one that Python Keras reads; what would mean something else there is refused. */
import { isCustomClass } from '../adapters/custom.ts'
import { type Literal, textOf } from '../adapters/literal.ts'
import { asRecord, type Config, type KerasLayer, layerFrom, nameOf, text } from './config.ts'
import { ruleNamed } from './layer.ts'
import { Refusal } from './report.ts'

/** Where Keras 3 finds the class of a whole model, by its name in the topology. */
export const modelModules: Readonly<Record<string, string>> = {
  Sequential: 'keras',
  Functional: 'keras.src.models.functional',
  Model: 'keras.src.models.functional',
}

/** tfjs' own bookkeeping, and options which Keras 3 no longer knows and which change nothing. */
const dropped = new Set(['implementation', 'input_length', 'sparse', 'ragged'])

/** Options that make an adapter out of a layer of tfjs: rules do not list them, for there they decide. */
const deciding = ['groups', 'reset_after', 'negative_slope', 'threshold', 'keepdims', 'zero_output_for_mask']

/** Layers whose constructor does not know the option in Keras 3. */
const untrainable = new Set([
  'InputLayer',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'Discretization',
])

/** Adapters that stand beside a layer of tfjs have its name with one of these before it. */
export const kerasName = (className: string): string => className.replace(/^Keras(Masked)?/, '')

type Exported = { class_name: string; config: Config }

/** @param exportModel what becomes of a model inside a wrapper; passed in because models and layers nest both ways */
export const exportLayer = (layer: KerasLayer, exportModel: (model: KerasLayer) => Exported): Exported => {
  const { config } = layer
  const className = kerasName(layer.class_name)
  if (className === 'Operation') {
    throw new Refusal(`layer ${nameOf(layer)} is an operation on tensors, which a .h5 file cannot hold`)
  }
  if (isCustomClass(layer.class_name)) {
    throw new Refusal(
      `layer ${nameOf(layer)} is one of your own (registerLayer); such a model is written as a SavedModel`,
    )
  }
  const rule = ruleNamed(className)
  if (!rule) throw new Refusal(`layer ${nameOf(layer)} (${className}) has no counterpart in Keras that is known here`)
  /** Inside another layer Keras 3 finds a class by its module. */
  const exportInner = (value: unknown, where: string): Config => {
    const inner = layerFrom(value, where)
    const { [inner.class_name]: module } = modelModules
    if (module !== undefined) return { module, registered_name: null, ...exportModel(inner) }
    return { module: 'keras.layers', registered_name: null, ...exportLayer(inner, exportModel) }
  }
  const kept: Config = {
    name: config.name,
    ...(!untrainable.has(className) && { trainable: config.trainable ?? true }),
    dtype: text(config.dtype) ?? 'float32',
  }
  if (className === 'InputLayer') kept.batch_input_shape = config.batch_input_shape
  const options = [...rule.keep, ...deciding.filter((option) => rule.only && option in rule.only)]
  for (const option of options) {
    const value = config[option]
    if (value !== undefined && !dropped.has(option))
      kept[option] = exportValue(option, value, nameOf(layer), exportInner)
  }
  return { class_name: className, config: special(className, kept, config, nameOf(layer)) }
}

const special = (className: string, kept: Config, config: Config, name: string): Config => {
  if (Array.isArray(kept.axis) && kept.axis.length > 1) {
    throw new Refusal(
      `layer ${name} works on axes ${kept.axis}, and Keras 3 forgets all but the last when it reads .h5`,
    )
  }
  switch (className) {
    case 'LeakyReLU':
      // Both versions read `alpha`; Keras 3 would write negative_slope.
      return { ...kept, alpha: config.alpha }
    case 'GRU':
    case 'GRUCell':
      return { ...kept, reset_after: config.reset_after === true }
    case 'Attention': {
      // Keras 3 takes the word `dot` for its function of that name.
      const { score_mode: mode, ...others } = kept
      return mode === 'dot' ? others : kept
    }
    case 'IntegerLookup':
      return {
        ...kept,
        vocabulary: config.vocabulary,
        num_oov_indices: config.unknown,
        mask_token: config.mask ?? null,
      }
    case 'EinsumDense':
      return {
        ...kept,
        equation: textOf(config.equation as Literal),
        bias_axes: config.bias_axes ? textOf(config.bias_axes as Literal) : null,
      }
    default:
      return kept
  }
}

const exportValue = (
  option: string,
  value: unknown,
  layer: string,
  exportInner: (value: unknown, where: string) => Config,
): unknown => {
  if (option.endsWith('activation')) return exportActivation(value, layer)
  if (option.endsWith('_initializer')) return exportInitializer(value)
  if (option === 'layer' || option === 'cell') return exportInner(value, `${layer}.${option}`)
  if (option === 'cells' && Array.isArray(value)) return value.map((cell) => exportInner(cell, `${layer}.cells`))
  // tfjs writes an open dimension as null.
  if (option === 'target_shape' && Array.isArray(value)) return value.map((size) => size ?? -1)
  return value
}

/** tfjs serialises an activation as text or as an object with a class name. */
const exportActivation = (value: unknown, layer: string): unknown => {
  const name = text(value) ?? text(asRecord(value)?.class_name) ?? null
  if (name === 'hard_sigmoid') {
    throw new Refusal(
      `layer ${layer} uses hard_sigmoid, which Keras 3 computes differently from TF.js; use sigmoid, or train it in Keras`,
    )
  }
  return name === KERAS3_HARD_SIGMOID ? 'hard_sigmoid' : name
}

const KERAS3_HARD_SIGMOID = 'hard_sigmoid3'

/** Whether Keras 2 would read the same words and compute something else. */
export const meansKeras3 = (topology: unknown): boolean => JSON.stringify(topology).includes(`"${KERAS3_HARD_SIGMOID}"`)

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
