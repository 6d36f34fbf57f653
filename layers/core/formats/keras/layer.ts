/** One layer from Keras' configuration to tfjs-layers', by its rule; whatever no rule allows is refused by name. */

import { type CustomLayers, customClass } from '../adapters/custom.ts'
import { literal } from '../adapters/literal.ts'
import { isKnownOperation } from '../adapters/operations/index.ts'
import { adapterRules } from './adapter-rules.ts'
import type { Reference } from './calls.ts'
import { type Config, isModelClass, type KerasLayer, layerFrom, nameOf } from './config.ts'
import { layerRules, operationRule } from './layer-rules.ts'
import { type LayerReport, Refusal } from './report.ts'
import { ANY, adapted, type Converted, type LayerRule } from './rule.ts'
import { textLayers } from './texts.ts'
import { activationOf, constraintOf, dtypeOf, initializerOf, regularizerOf, type ValueContext } from './values.ts'

export interface LayerContext extends ValueContext {
  /** Whether a layer of the model hides steps from those behind it; found out when it is not said. */
  readonly masked?: boolean
  /** Of each call in a functional model. */
  readonly inputs?: readonly (readonly Reference[])[]
  /** Layers that this process has been given. */
  readonly custom?: CustomLayers
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
    const converted = applyRule(layer, ruleFor(layer, context), context)
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

/** Why no class of this name is ever converted, where there is a reason beside its not being known. */
const impossible = (className: string): string | undefined => {
  if (className === 'Lambda') {
    return 'a Lambda holds Python bytecode, which is never executed; replace it by layers or keras.ops'
  }
  if (className === 'TFSMLayer' || /^(Jax|Flax|Torch)/.test(className)) {
    return 'it wraps a program of another framework; replace it by Keras layers'
  }
  return undefined
}

/** What becomes of a class of layers, options aside; for docs/keras-support.md. */
export const supportOf = (className: string): { readonly status: LayerReport['status']; readonly why?: string } => {
  const reason = impossible(className)
  if (reason !== undefined) return { status: 'refused', why: reason }
  if (Object.hasOwn(layerRules, className)) return { status: 'supported' }
  return ruleNamed(className) || textLayers.has(className)
    ? { status: 'adapted' }
    : { status: 'refused', why: NOT_KNOWN }
}

const NOT_KNOWN = 'this layer is not supported'

const wayForward = (name: string): string =>
  `replace it by Keras layers, or say what it computes with registerLayer('${name}', …) of the SDK and run the model in your own process (no service runs code of its callers)`

const ruleFor = (layer: KerasLayer, { custom }: LayerContext): LayerRule => {
  const { class_name: className, registered_name: registered, config } = layer
  const reason = impossible(className)
  if (reason !== undefined) throw new Refusal(reason)
  if (isOperation(layer)) return operationRule
  const own = [registered ?? className, className].find((name) => custom?.has(name))
  if (own !== undefined) return customRule(own)
  const name = registered ?? className
  if (name.includes('>')) throw new Refusal(`it is a custom class (${name}); ${wayForward(name)}`)
  if (config.quantization_config) throw new Refusal('it is quantised; save the model before quantising it')
  const rule = ruleNamed(className)
  if (!rule) throw new Refusal(`${NOT_KNOWN}; ${wayForward(name)}`)
  return rule
}

/** Its options reach the layer as they are: tfjs would change the case of their names and texts. */
const customRule = (name: string): LayerRule => ({
  keep: [],
  others: 'drop',
  convert: (kept, own) =>
    adapted(customClass(name), { ...kept, options: literal(JSON.stringify(own)) }, 'given by registerLayer'),
})

/** Keras 3 writes operations like layers, with neither dtype nor trainable (a few have a dtype); Keras 2 wraps them in a layer of their own. */
export const isOperation = ({ class_name: className, module, config }: KerasLayer): boolean => {
  if (className === 'TFOpLambda' || className === 'SlicingOpLambda') return true
  if (/^keras\.src\.ops/.test(module ?? '')) return true
  if (isModelClass(className) || className === 'InputLayer' || 'trainable' in config) return false
  return !('dtype' in config) || (ruleNamed(className) === undefined && isKnownOperation(className))
}

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
  // What masks do is the outer layer's business.
  const inner = { ...context, masked: false, inputs: [] }
  if (option === 'layer' || option === 'cell') return convertLayer(layerFrom(value, option), inner)
  if (option === 'seed') return typeof value === 'number' ? value : null
  if (option === 'cells' && Array.isArray(value))
    return value.map((cell) => convertLayer(layerFrom(cell, option), inner))
  return value
}
