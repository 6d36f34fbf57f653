/** One layer from Keras' configuration to tfjs-layers', by its rule; whatever no rule allows is refused by name. */

import { adapterRules } from './adapter-rules.ts'
import type { Reference } from './calls.ts'
import { type Config, isModelClass, type KerasLayer, layerFrom, nameOf } from './config.ts'
import { ANY, type Converted, type LayerRule, layerRules, operationRule } from './layer-rules.ts'
import { Refusal } from './report.ts'
import { activationOf, constraintOf, dtypeOf, initializerOf, regularizerOf, type ValueContext } from './values.ts'

export interface LayerContext extends ValueContext {
  /** Whether a layer of the model hides steps from those behind it; found out when it is not said. */
  readonly masked?: boolean
  /** Of each call in a functional model. */
  readonly inputs?: readonly (readonly Reference[])[]
  /** Converts a model inside a model; passed in because models and layers nest both ways. */
  readonly convertModel: (model: KerasLayer, context: LayerContext) => TfjsLayer
}

/** A layer as tfjs-layers deserialises it. */
export interface TfjsLayer {
  readonly class_name: string
  readonly config: Config
}

/** The layer for the topology; a refused one is entered in the report and answered with a stand-in, so that all refusals come at once. */
export const convertLayer = (layer: KerasLayer, context: LayerContext): TfjsLayer => {
  if (isModelClass(layer.class_name)) return context.convertModel(layer, context)
  const name = nameOf(layer)
  const { class_name: className } = layer
  try {
    const converted = applyRule(layer, ruleFor(layer), context)
    const { why } = converted
    context.report.layer(name, className, why === undefined ? 'supported' : 'adapted', why)
    return { class_name: converted.className, config: converted.config }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    context.report.layer(name, className, 'refused', error.message)
    return { class_name: className, config: { name } }
  }
}

/** By Keras' name of the class. */
export const ruleNamed = (className: string): LayerRule | undefined => {
  if (Object.hasOwn(layerRules, className)) return layerRules[className]
  return Object.hasOwn(adapterRules, className) ? adapterRules[className] : undefined
}

/** Of the stored variables those which the layer has here. */
export const keptVariables = <T>(layer: KerasLayer, stored: readonly [name: string, T][]): [name: string, T][] => {
  const kept = ruleNamed(layer.class_name)?.variables?.(stored.map(([name]) => name))
  return stored.filter(([name]) => kept === undefined || kept.includes(name))
}

const ruleFor = (layer: KerasLayer): LayerRule => {
  const { class_name: className, registered_name: registered, config } = layer
  if (className === 'Lambda') {
    throw new Refusal('a Lambda holds Python bytecode, which is never executed; replace it by layers or keras.ops')
  }
  if (className === 'TFSMLayer' || /^(Jax|Flax|Torch)/.test(className)) {
    throw new Refusal('it wraps a program of another framework; replace it by Keras layers')
  }
  if (isOperation(layer)) return operationRule
  if (registered?.includes('>')) throw new Refusal(`it is a custom class (${registered}); replace it by Keras layers`)
  if (config.quantization_config) throw new Refusal('it is quantised; save the model before quantising it')
  const rule = ruleNamed(className)
  if (!rule) throw new Refusal('this layer is not supported')
  return rule
}

/** Keras 3 writes operations like layers, with neither dtype nor trainable; Keras 2 wraps them in a layer of their own. */
export const isOperation = ({ class_name: className, module, config }: KerasLayer): boolean =>
  className === 'TFOpLambda' ||
  className === 'SlicingOpLambda' ||
  /^keras\.src\.ops/.test(module ?? '') ||
  (!isModelClass(className) && className !== 'InputLayer' && !('dtype' in config) && !('trainable' in config))

const applyRule = (
  layer: KerasLayer,
  { keep, only = {}, others, convert }: LayerRule,
  context: LayerContext,
): Omit<Converted, 'why'> & { why?: string } => {
  const own = layer.config
  const kept: Config = { name: own.name, trainable: own.trainable ?? true, dtype: dtypeOf(own.dtype, context) }
  for (const [option, value] of Object.entries(own)) {
    if (option in kept) continue
    const allowed = only[option]
    if (allowed && allowed !== ANY && !allowed.some((one) => same(one, value)))
      throw refusedOption(option, value, allowed)
    if (keep.includes(option)) kept[option] = optionValue(option, value, context)
    else if (option === 'batch_input_shape' || option === 'autocast') kept[option] = value
    else if (option === 'activity_regularizer') noteActivityRegularizer(value, context)
    else if (!allowed && others !== 'drop' && value !== null && value !== false) throw refusedOption(option, value)
  }
  const converted = convert ? convert(kept, own, context) : kept
  return isConverted(converted) ? converted : { className: layer.class_name, config: converted }
}

const isConverted = (value: Config | Converted): value is Converted => 'className' in value && 'why' in value

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const refusedOption = (option: string, value: unknown, allowed?: readonly unknown[]): Refusal =>
  new Refusal(
    `its option ${option}=${JSON.stringify(value)?.slice(0, 80)} is not supported${
      allowed ? `; allowed: ${allowed.map((one) => JSON.stringify(one)).join(', ')}` : ''
    }`,
  )

const noteActivityRegularizer = (value: unknown, { report }: ValueContext): void => {
  if (value) report.note('activity regularisers are left out: they matter in training only')
}

const optionValue = (option: string, value: unknown, context: LayerContext): unknown => {
  if (option.endsWith('activation')) return activationOf(value, context)
  if (option.endsWith('_initializer')) return initializerOf(value)
  if (option.endsWith('_regularizer')) return regularizerOf(value, context)
  if (option.endsWith('_constraint')) return constraintOf(value, context)
  if (option === 'layer' || option === 'cell') return convertLayer(layerFrom(value, option), context)
  if (option === 'seed') return typeof value === 'number' ? value : null
  if (option === 'cells' && Array.isArray(value))
    return value.map((cell) => convertLayer(layerFrom(cell, option), context))
  return value
}
