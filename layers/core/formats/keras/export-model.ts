/** A whole topology back to Keras' configuration: Keras 2's spelling where Keras 3 reads it too, else Keras 3's. */

import { attending, recurrent, threeTensors } from './calls.ts'
import { type Config, isModelClass, type KerasLayer, layersOf, nameOf } from './config.ts'
import { exportLayer, kerasName } from './export-layer.ts'

type Exported = Config & { class_name: string; config: Config }

export const exportModel = (model: KerasLayer): Exported =>
  model.class_name === 'Sequential' ? exportSequential(model) : exportFunctional(model)

const exportAny = (layer: KerasLayer): Exported =>
  isModelClass(layer.class_name) ? exportModel(layer) : exportLayer(layer, exportModel)

const exportSequential = (model: KerasLayer): Exported => {
  const [first, ...rest] = layersOf(model)
  if (!first) return { class_name: 'Sequential', config: { name: nameOf(model), layers: [] } }
  const shape = first.config.batch_input_shape
  const implicit = first.class_name !== 'InputLayer' && Array.isArray(shape)
  const input = {
    class_name: 'InputLayer',
    config: { name: `${nameOf(first)}_input`, batch_input_shape: shape, dtype: inputDtype(first) },
  }
  const layers = [first, ...rest].map(exportAny)
  return { class_name: 'Sequential', config: { name: nameOf(model), layers: implicit ? [input, ...layers] : layers } }
}

/** An embedding takes indices whatever its own dtype. */
const inputDtype = ({ class_name: className, config }: KerasLayer): unknown =>
  className === 'Embedding' ? 'int32' : (config.dtype ?? 'float32')

const exportFunctional = (model: KerasLayer): Exported => {
  const layers = layersOf(model)
  const nested = new Set(layers.filter(({ class_name: className }) => isModelClass(className)).map(nameOf))
  return {
    class_name: 'Functional',
    config: {
      name: nameOf(model),
      trainable: true,
      layers: layers.map((layer) => ({
        ...exportAny(layer),
        name: nameOf(layer),
        inbound_nodes: exportNodes(layer, nested),
      })),
      input_layers: model.config.input_layers,
      output_layers: (model.config.output_layers as TensorReference[]).map((reference) =>
        outputReference(reference, layers),
      ),
    },
  }
}

type TensorReference = [layer: string, node: number, tensor: number, keywords?: Config]

/**
 * Lists of references are read by both versions. A nested model's calls the versions count differently, and an argument beside
 * the first Keras 3 finds in its own form only; such nodes are written in that form, which Keras 2 refuses at once.
 */
const exportNodes = (layer: KerasLayer, nested: ReadonlySet<string>): unknown[] => {
  const nodes = (layer.inbound_nodes ?? []) as TensorReference[][]
  return nodes.map((node) => {
    const tensors = node.map((reference) => kerasTensor(reference, nested))
    const call = argumentsOf(layer, tensors)
    return call ?? (node.some(([from]) => nested.has(from)) ? { args: [single(tensors)], kwargs: {} } : node)
  })
}

/** Undefined when the tensors are all there is, as one argument. */
const argumentsOf = (layer: KerasLayer, tensors: readonly Config[]): Config | undefined => {
  const { tensors: roles, use_causal_mask: causal, allowed } = layer.config
  const kwargs = {
    ...(causal === true && { use_causal_mask: true }),
    ...(typeof allowed === 'number' && { attention_mask: tensors[allowed] }),
  }
  const inRoles = Array.isArray(roles) ? roles.map((index: number) => tensors[index]) : tensors
  if (threeTensors.has(layer.class_name)) return { args: inRoles, kwargs }
  if (attending.has(layer.class_name)) return roles || causal ? { args: [inRoles], kwargs } : undefined
  if (!recurrent.has(kerasName(layer.class_name)) || tensors.length === 1) return undefined
  return { args: [tensors[0]], kwargs: { initial_state: tensors.slice(1) } }
}

const single = (tensors: readonly Config[]): unknown => (tensors.length === 1 ? tensors[0] : tensors)

/** Shape and dtype stand for nothing: Keras looks the tensor up by its history. */
const kerasTensor = ([layer, node, tensor]: TensorReference, nested: ReadonlySet<string>): Config => ({
  class_name: '__keras_tensor__',
  config: { shape: [null], dtype: 'float32', keras_history: [layer, nested.has(layer) ? node - 1 : node, tensor] },
})

/** Among the outputs Keras 3 counts a nested functional model like Keras 2 does, a nested Sequential from its first call. */
const outputReference = (reference: TensorReference, layers: readonly KerasLayer[]): unknown[] => {
  const [from, node, tensor] = reference
  const source = layers.find((layer) => nameOf(layer) === from)
  return [from, source?.class_name === 'Sequential' ? node - 1 : node, tensor]
}
