/** How a functional model calls its layers: which tensors go in, in which order, and what the other arguments mean. */
import { InvalidInputError } from '../../errors.ts'
import { literal } from '../adapters/literal.ts'
import { type OperationCall, whyNotComputed } from '../adapters/operations/index.ts'
import { asRecord, type Config, type KerasLayer, nameOf } from './config.ts'
import { isOperation } from './layer.ts'
import { operationOf } from './operations.ts'
import { Refusal } from './report.ts'

/** `["layer", node, tensor]` */
export type Reference = readonly [layer: string, node: number, tensor: number]

export class TensorReference {
  readonly reference: Reference

  constructor(reference: Reference) {
    this.reference = reference
  }
}

/** One call of a layer, tensors marked. */
export interface LayerCall {
  readonly args: readonly unknown[]
  readonly kwargs: Config
  /** Keras 3 writes out the defaults of some calls. */
  readonly withDefaults?: boolean
}

/** What tfjs-layers needs to know of a call. */
export interface BoundCall {
  readonly inputs: readonly Reference[]
  /** Which input is masked by which tensor, where the call says so itself. */
  readonly masks?: ReadonlyMap<number, Reference>
  /** Options that belong to the call in Keras and to the layer here. */
  readonly options?: Config
}

export const isReference = (value: unknown): value is Reference =>
  Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number' && typeof value[2] === 'number'

/** Keras 3 writes `{args, kwargs}`, Keras 2 a list of references of which the first carries the keywords. */
export const parseCall = (node: unknown, layer: string): LayerCall => {
  const call = asRecord(node)
  if (call) {
    const kwargs = keras3Tensors(call.kwargs ?? {}) as Config
    return { args: keras3Tensors(call.args) as unknown[], kwargs, withDefaults: true }
  }
  const list = isReference(node) ? [node] : node
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidInputError(`an inbound node of layer ${layer} is not readable`, { param: layer })
  }
  const values = list.map((one: unknown) => {
    // Constants of operations: ["_CONSTANT_VALUE", -1, 2.0, {…}]
    if (Array.isArray(one) && one[0] === '_CONSTANT_VALUE') return one[2] as unknown
    if (!isReference(one))
      throw new InvalidInputError(`an inbound node of layer ${layer} is not readable`, { param: layer })
    return new TensorReference([one[0], one[1], one[2]])
  })
  const keywords = asRecord((list[0] as unknown[])[3]) ?? {}
  return { args: [values.length === 1 ? values[0] : values], kwargs: keras2Tensors(keywords) as Config }
}

const keras3Tensors = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keras3Tensors)
  const object = asRecord(value)
  if (!object) return value
  const history = object.class_name === '__keras_tensor__' ? asRecord(object.config)?.keras_history : undefined
  if (isReference(history)) return new TensorReference([history[0], history[1], history[2]])
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, keras3Tensors(inner)]))
}

const keras2Tensors = (value: unknown): unknown => {
  if (isReference(value) && value.length <= 4) return new TensorReference([value[0], value[1], value[2]])
  if (Array.isArray(value)) return value.map(keras2Tensors)
  const object = asRecord(value)
  return object ? Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, keras2Tensors(inner)])) : value
}

/** Layers whose further inputs are initial states. */
export const recurrent = new Set(['SimpleRNN', 'LSTM', 'GRU', 'RNN', 'Bidirectional', 'ConvLSTM2D'])
/** Layers that take query, value and key as one list. */
export const attending = new Set(['Attention', 'AdditiveAttention'])
/** Layers that take query, value and key as three arguments. */
export const threeTensors = new Set(['MultiHeadAttention', 'GroupQueryAttention', 'GroupedQueryAttention'])

/** Refusal when an argument means something that would be lost. */
export const bindCall = (layer: KerasLayer, call: LayerCall): BoundCall => {
  if (isOperation(layer)) return bindOperation(layer, call)
  const { args } = call
  const { mask, ...kwargs } = withoutDefaults(layer, call)
  const [first, ...others] = args
  if (threeTensors.has(layer.class_name)) return bindAttention(args, call.kwargs)
  const states = recurrent.has(layer.class_name) ? tensorsIn(kwargs.initial_state ?? others[0]) : []
  const rest = states.length > 0 && others.length > 0 && kwargs.initial_state === undefined ? others.slice(1) : others
  if (rest.some((argument) => !isNeutral(argument))) throw new Refusal(`it is called with ${args.length} arguments`)
  const options = callOptions(layer, kwargs)
  const inputs = tensorsIn(first)
  const masks = Array.isArray(mask) ? mask : [mask]
  if (attending.has(layer.class_name)) return bindRoles(inputs, masks, options)
  return { inputs: [...inputs, ...states], ...masksOf(inputs, masks), ...(options && { options }) }
}

/** By the input's position. A tensor that is several inputs has one mask. */
const masksOf = (inputs: readonly Reference[], masks: readonly unknown[]): Pick<BoundCall, 'masks'> => {
  const found = new Map<number, Reference>()
  for (const [at, mask] of masks.entries()) {
    if (isNeutral(mask)) continue
    const input = inputs[at]
    if (!input || !(mask instanceof TensorReference)) throw new Refusal('it is called with a mask that is no tensor')
    const position = inputs.findIndex((other) => String(other) === String(input))
    const known = found.get(position)
    if (known && String(known) !== String(mask.reference)) {
      throw new Refusal('it is called with two masks for one tensor, which is not supported')
    }
    found.set(position, mask.reference)
  }
  return found.size > 0 ? { masks: found } : {}
}

/** query, value, key: by position or by name. */
const bindAttention = (args: readonly unknown[], kwargs: Config): BoundCall => {
  const { query = args[0], value = args[1], key = args[2] ?? null, ...named } = kwargs
  const { query_mask: queryMask, value_mask: valueMask, key_mask: keyMask, attention_mask: allowed, ...rest } = named
  if (args.slice(3).some((argument) => !isNeutral(argument))) throw new Refusal('it is called with masks of its own')
  const tensors = [query, value, ...(key === null ? [] : [key])]
  const masks = [queryMask, valueMask, ...(key === null ? [] : [keyMask])]
  const bound = bindRoles(tensors.flatMap(tensorsIn), masks, callOptions(undefined, rest))
  if (isNeutral(allowed)) return bound
  if (!(allowed instanceof TensorReference)) throw new Refusal('it is called with an attention_mask that is no tensor')
  const inputs = [...bound.inputs]
  const places = bound.options?.tensors ?? tensors.map((_, at) => at)
  return {
    ...bound,
    inputs,
    options: { ...bound.options, tensors: places, allowed: positionIn(inputs, allowed.reference) },
  }
}

/** `tensors` says which of the inputs is query, value and key, when one of them is two. */
const bindRoles = (roles: readonly Reference[], masks: readonly unknown[], options: Config | undefined): BoundCall => {
  const inputs: Reference[] = []
  const tensors = roles.map((reference) => positionIn(inputs, reference))
  const { masks: ofRoles } = masksOf(roles, masks)
  const bound = {
    inputs,
    ...(ofRoles && { masks: new Map([...ofRoles].map(([role, mask]) => [tensors[role] ?? 0, mask])) }),
  }
  return inputs.length === roles.length
    ? { ...bound, ...(options && { options }) }
    : { ...bound, options: { ...options, tensors } }
}

/** Of layers for pictures the default is training=True; what is asked of the model counts all the same, as in `predict`. */
const withoutDefaults = ({ class_name: className }: KerasLayer, { kwargs, withDefaults }: LayerCall): Config => {
  if (withDefaults !== true || !/^(Random|Resizing$|CenterCrop$)/.test(className)) return kwargs
  const { training: _, ...rest } = kwargs
  return rest
}

const callOptions = (layer: KerasLayer | undefined, { initial_state: _, ...kwargs }: Config): Config | undefined => {
  const meant = Object.entries(kwargs).filter(([, value]) => !isNeutral(value))
  const causal = meant.some(([name, value]) => name === 'use_causal_mask' && value === true)
  const takesCausal = layer === undefined || attending.has(layer.class_name)
  const other = meant.find(([name]) => name !== 'use_causal_mask' || !takesCausal)
  if (other?.[0] === 'training')
    throw new Refusal('it is called with training=True, which prediction here would not do')
  if (other) throw new Refusal(`it is called with ${other[0]}, which is not supported`)
  return causal ? { use_causal_mask: true } : undefined
}

const isNeutral = (value: unknown): boolean => value === null || value === undefined || value === false

const tensorsIn = (value: unknown): Reference[] => {
  if (value instanceof TensorReference) return [value.reference]
  if (Array.isArray(value)) return value.flatMap(tensorsIn)
  const object = asRecord(value)
  return object ? Object.values(object).flatMap(tensorsIn) : []
}

/** Every tensor goes in once: tfjs frees one that is named twice too early. */
const positionIn = (inputs: Reference[], reference: Reference): number => {
  const known = inputs.findIndex((other) => String(other) === String(reference))
  return known >= 0 ? known : inputs.push(reference) - 1
}

/** The call becomes part of the layer, tensors numbered in the order in which they come. */
const bindOperation = (layer: KerasLayer, call: LayerCall): BoundCall => {
  const inputs: Reference[] = []
  const numbered = (value: unknown): unknown => {
    if (value instanceof TensorReference) return { tensor: positionIn(inputs, value.reference) }
    if (Array.isArray(value)) return value.map(numbered)
    const object = asRecord(value)
    return object ? Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, numbered(inner)])) : value
  }
  const operation = operationOf(layer, call)
  const why = whyNotComputed(operation)
  if (why !== undefined) throw new Refusal(why)
  const { op, args, kwargs } = operation
  const template: OperationCall = { op, args: args.map(numbered), kwargs: numbered(kwargs) as Config }
  if (inputs.length === 0) throw new InvalidInputError(`operation ${nameOf(layer)} has no tensor among its arguments`)
  return { inputs, options: { call: literal(JSON.stringify(template)) } }
}
