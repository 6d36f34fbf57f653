/** A Sequential or functional model, nested ones included, from Keras' configuration to tfjs-layers'. */
import { InvalidInputError } from '../../errors.ts'
import { withActivationLayers } from './activation-layers.ts'
import { bindCall, isReference, parseCall, type Reference } from './calls.ts'
import { asRecord, type Config, isModelClass, type KerasLayer, layersOf, nameOf } from './config.ts'
import { convertLayer, type LayerContext, type TfjsLayer } from './layer.ts'
import { Refusal } from './report.ts'

/** Converts a whole model; layers that cannot be are entered in the context's report. */
export const convertModel = (model: KerasLayer, context: LayerContext): TfjsLayer => {
  const known = { ...context, masked: context.masked ?? MASKS.test(JSON.stringify(model)) }
  return model.class_name === 'Sequential' ? convertSequential(model, known) : convertFunctional(model, known)
}

/** Layers that hide steps from those behind them, and calls that are given a mask. */
const MASKS = /"class_name":"Masking"|"mask_zero":true|"((query|value|key)_)?mask":[{[]/

const convertSequential = (model: KerasLayer, context: LayerContext): TfjsLayer => {
  const layers = withActivationLayers(layersOf(model)).layers.map((layer) => convertLayer(layer, context))
  const [first, ...rest] = layers
  const built = model.config.build_input_shape
  const unknown = first && first.class_name !== 'InputLayer' && !('batch_input_shape' in first.config)
  const shaped =
    unknown && Array.isArray(built) && !isModelClass(first.class_name)
      ? { ...first, config: { ...first.config, batch_input_shape: built } }
      : first
  return {
    class_name: 'Sequential',
    config: { name: model.config.name, layers: shaped ? [shaped, ...rest] : [] },
  }
}

const convertFunctional = (model: KerasLayer, context: LayerContext): TfjsLayer => {
  const { layers: raw, behind } = withActivationLayers(layersOf(model))
  const nested = new Map(
    raw.filter(({ class_name: own }) => isModelClass(own)).map((layer) => [nameOf(layer), layer.class_name]),
  )
  const layers = raw.flatMap((layer) => convertCalled(layer, { nested, behind }, context).flatMap(withoutRepeats))
  const inputs = references(model.config.input_layers, 'input_layers')
  const outputs = references(model.config.output_layers, 'output_layers').map(
    ([layer, node, tensor]): Reference => [
      behind.get(layer) ?? layer,
      // Among the outputs Keras 3 counts a nested functional model's own making, a nested Sequential's it does not.
      context.keras === 3 && nested.get(layer) === 'Sequential' ? node + 1 : node,
      tensor,
    ],
  )
  const { copies, output_layers } = distinctOutputs(outputs, inputs)
  return {
    class_name: 'Model',
    config: { name: model.config.name, layers: [...layers, ...copies], input_layers: inputs, output_layers },
  }
}

/** tfjs answers every output once, and none that is an input, so such a one goes through a layer that does nothing. */
const distinctOutputs = (outputs: readonly Reference[], inputs: readonly Reference[]) => {
  const copies: Config[] = []
  const output_layers = outputs.map((reference, at): readonly unknown[] => {
    const same = ([layer, node, tensor]: Reference): boolean => String(reference) === String([layer, node, tensor])
    if (outputs.findIndex(same) === at && !inputs.some(same)) return reference
    const name = `${reference[0]}_output_${at}`
    copies.push({ class_name: 'KerasIdentity', config: { name }, name, inbound_nodes: [[[...reference, {}]]] })
    return [name, 0, 0]
  })
  return { copies, output_layers }
}

interface Siblings {
  /** Classes of nested models by their names. */
  readonly nested: ReadonlyMap<string, string>
  /** What others mean when they name a layer whose activation has become a layer behind it. */
  readonly behind: ReadonlyMap<string, string>
}

/** The layer with its calls, and before it what masks its inputs. */
const convertCalled = (layer: KerasLayer, { nested, behind }: Siblings, context: LayerContext): Config[] => {
  const name = nameOf(layer)
  // Keras 2 and tfjs count a nested model's own making as its node 0; Keras 3 starts with its first use.
  const reference = ([from, node, tensor]: Reference): readonly unknown[] => [
    behind.get(from) === name ? from : (behind.get(from) ?? from),
    context.keras === 3 && nested.has(from) ? node + 1 : node,
    tensor,
    {},
  ]
  try {
    const calls = (layer.inbound_nodes ?? []).map((node) => bindCall(layer, parseCall(node, name)))
    const [options, ...others] = calls.map((call) => call.options)
    if (others.some((other) => JSON.stringify(other) !== JSON.stringify(options))) {
      throw new Refusal('it is called several times with different arguments')
    }
    const called = { ...layer, config: { ...layer.config, ...options } }
    const masking: Config[] = []
    const inbound_nodes = calls.map(({ inputs, masks }, call) =>
      inputs.map((input, at) => {
        const mask = masks?.get(at)
        if (!mask) return reference(input)
        const masked = `${name}_mask_${call}_${at}`
        const nodes = [[reference(input), reference(mask)]]
        masking.push({ class_name: 'KerasMask', config: { name: masked }, name: masked, inbound_nodes: nodes })
        return [masked, 0, 0, {}]
      }),
    )
    const converted = convertLayer(called, { ...context, inputs: calls.map(({ inputs }) => inputs) })
    return [...masking, { ...converted, name, inbound_nodes }]
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    context.report.layer(name, layer.class_name, 'refused', error.message)
    return [{ class_name: layer.class_name, config: { name }, name, inbound_nodes: [] }]
  }
}

/**
 * tfjs frees a tensor that goes into one layer twice after its first use, so the second time it goes through a layer that
 * does nothing.
 */
const withoutRepeats = (layer: Config): Config[] => {
  const nodes = layer.inbound_nodes as Reference[][]
  const copies: Config[] = []
  const inbound_nodes = nodes.map((node, call) =>
    node.map((reference, at): readonly unknown[] => {
      const repeats = node.findIndex((other) => String(other) === String(reference)) < at
      if (!repeats) return reference
      const name = `${layer.name}_input_${call}_${at}`
      copies.push({ class_name: 'KerasIdentity', config: { name }, name, inbound_nodes: [[reference]] })
      return [name, 0, 0, {}]
    }),
  )
  return [...copies, { ...layer, inbound_nodes }]
}

/** One reference, or lists and (where they are named) objects of them, one inside the other. */
const references = (value: unknown, what: string): Reference[] => {
  const all = referencesIn(value)
  if (all && all.length > 0) return all
  throw new InvalidInputError(`${what} names no tensors of the model`, { param: what })
}

const referencesIn = (value: unknown): Reference[] | undefined => {
  if (isReference(value)) return [value]
  const inner = Array.isArray(value) ? value : asRecord(value) && Object.values(value as Config)
  const found = inner?.map(referencesIn)
  return found?.every((one) => one !== undefined) ? found.flat() : undefined
}
