/** A Sequential or functional model, nested ones included, from Keras' configuration to tfjs-layers'. */
import { InvalidInputError } from '../../errors.ts'
import { asRecord, type Config, isModelClass, type KerasLayer, layersOf, nameOf, text } from './config.ts'
import { convertLayer, type LayerContext, type TfjsLayer } from './layer.ts'

/** `["layer", node, tensor]`, with keyword arguments in a node's inputs. */
type TensorReference = [layer: string, node: number, tensor: number, keywords?: Config]

/** Converts a whole model; layers that cannot be are entered in the context's report. */
export const convertModel = (model: KerasLayer, context: LayerContext): TfjsLayer =>
  model.class_name === 'Sequential' ? convertSequential(model, context) : convertFunctional(model, context)

const convertSequential = (model: KerasLayer, context: LayerContext): TfjsLayer => {
  const layers = layersOf(model).map((layer) => convertLayer(layer, context))
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
  const raw = layersOf(model)
  const nested = new Set(raw.filter(({ class_name: className }) => isModelClass(className)).map(nameOf))
  const shift = nodeShift(nested, context)
  const layers = raw.map((layer) => ({
    ...convertLayer(layer, context),
    name: nameOf(layer),
    inbound_nodes: (layer.inbound_nodes ?? []).map((node) => inboundNode(node, nameOf(layer)).map(shift)),
  }))
  return {
    class_name: 'Model',
    config: {
      name: model.config.name,
      layers,
      input_layers: references(model.config.input_layers, 'input_layers'),
      output_layers: references(model.config.output_layers, 'output_layers').map(shift),
    },
  }
}

/** Keras 2 and tfjs count a nested model's own making as its node 0; Keras 3 starts with its first use. */
const nodeShift =
  (nested: ReadonlySet<string>, { keras }: LayerContext) =>
  ([layer, node, tensor, ...keywords]: TensorReference): TensorReference => [
    layer,
    keras === 3 && nested.has(layer) ? node + 1 : node,
    tensor,
    ...keywords,
  ]

/** One reference, a list of them, or (named inputs) an object of them. */
const references = (value: unknown, what: string): TensorReference[] => {
  if (isReference(value)) return [value]
  const list = Array.isArray(value) ? value : Object.values(asRecord(value) ?? {})
  if (list.length > 0 && list.every(isReference)) return list
  throw new InvalidInputError(`${what} names no tensors of the model`, { param: what })
}

const isReference = (value: unknown): value is TensorReference =>
  Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number' && typeof value[2] === 'number'

/** What a layer was called with, in order: tensors among the arguments first, then tensors among the keywords. */
const inboundNode = (node: unknown, layer: string): TensorReference[] => {
  const call = asRecord(node)
  if (call) {
    const keywords = asRecord(call.kwargs) ?? {}
    const tensors = [...kerasTensors(call.args), ...kerasTensors(keywords)]
    return tensors.map((reference) => [...reference, flags(keywords)])
  }
  if (!Array.isArray(node))
    throw new InvalidInputError(`an inbound node of layer ${layer} is not readable`, { param: layer })
  const list = isReference(node) ? [node] : node
  return list.flatMap((reference: unknown): TensorReference[] => {
    if (!isReference(reference)) {
      throw new InvalidInputError(`an inbound node of layer ${layer} is not readable`, { param: layer })
    }
    const [from, index, tensor, keywords = {}] = reference
    const among = Object.values(keywords).flatMap(keras2Tensors)
    return [[from, index, tensor, flags(keywords)], ...among]
  })
}

/** Of the keywords only `training` means something to tfjs, when it is not the default. */
const flags = (keywords: Config): Config => (keywords.training === true ? { training: true } : {})

const kerasTensors = (value: unknown): [string, number, number][] => {
  if (Array.isArray(value)) return value.flatMap(kerasTensors)
  const object = asRecord(value)
  if (!object) return []
  const history = object.class_name === '__keras_tensor__' ? asRecord(object.config)?.keras_history : undefined
  if (isReference(history)) return [[history[0], history[1], history[2]]]
  return Object.values(object).flatMap(kerasTensors)
}

const keras2Tensors = (value: unknown): TensorReference[] => {
  if (isReference(value)) return [[value[0], value[1], value[2], {}]]
  return Array.isArray(value) ? value.flatMap(keras2Tensors) : []
}

/** The name of the outermost model, under which some files store weights. */
export const modelName = (model: KerasLayer): string => text(model.config.name) ?? model.class_name
