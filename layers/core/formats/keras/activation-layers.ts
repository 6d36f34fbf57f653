/** Layers that were given to another layer as its activation: `Dense(8, activation=LeakyReLU(0.2))`; here they stand behind it. */
import { asRecord, type KerasLayer, layerFrom, nameOf } from './config.ts'

/** Without weights of their own, for a file stores those inside the other layer. */
const activations = new Set(['LeakyReLU', 'ReLU', 'ELU', 'Softmax'])

/** Apply their activation last, and have no other. */
const lastSteps = /^(Dense|EinsumDense|(Depthwise|Separable)?Conv[123]D(Transpose)?)$/

/**
 * The layers, and by the name of each that has become two the name of its second; `taken` are names that are not free.
 * Other layers with such an activation are left as they are, and refused later on.
 */
export const withActivationLayers = (
  layers: readonly KerasLayer[],
): { readonly layers: KerasLayer[]; readonly behind: ReadonlyMap<string, string> } => {
  const behind = new Map<string, string>()
  const taken = new Set(layers.map(nameOf))
  const all = layers.flatMap((layer) => {
    const activation = activationOf(layer)
    if (!activation) return [layer]
    if (layer.class_name === 'Activation') return [as(activation, layer, nameOf(layer))]
    let name = `${nameOf(layer)}_activation`
    while (taken.has(name)) name = `${name}_`
    taken.add(name)
    behind.set(nameOf(layer), name)
    const calls = layer.inbound_nodes?.map((_, call) => [[nameOf(layer), call, 0, {}]])
    return [
      { ...layer, config: { ...layer.config, activation: 'linear' } },
      as(activation, { ...layer, ...(calls && { inbound_nodes: calls }) }, name),
    ]
  })
  return { layers: all, behind }
}

const activationOf = ({ class_name: className, config }: KerasLayer): KerasLayer | undefined => {
  const found = asRecord(config.activation)
  if (!found || !activations.has(String(found.class_name))) return undefined
  return className === 'Activation' || lastSteps.test(className) ? layerFrom(found, 'activation') : undefined
}

/** The activation as a layer in the other's place. */
const as = (activation: KerasLayer, { inbound_nodes: calls, config }: KerasLayer, name: string): KerasLayer => ({
  class_name: activation.class_name,
  config: { ...activation.config, name, dtype: config.dtype, trainable: config.trainable ?? true },
  name,
  ...(calls && { inbound_nodes: calls }),
})
