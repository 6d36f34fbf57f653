/** Between a topology and a tfjs-layers model that computes what Keras does: built, and written again. Weights are not looked at. */
import type * as layers from '@tensorflow/tfjs-layers'
import type { Kernels } from '../kernels/index.ts'
import { installAdapters } from './adapters/index.ts'
import { isContainer, maskLikeKeras } from './masking.ts'
import { orderNodes } from './node-order.ts'
import { normaliseLikeKeras } from './statistics.ts'

/** What building a model needs of the kernels. */
export type ModelKernels = Pick<Kernels, 'tf'>

/** How tfjs-layers types a topology; it does not export the name. */
type PyJsonDict = Extract<
  Parameters<typeof layers.models.modelFromJSON>[0],
  { modelTopology: unknown }
>['modelTopology']

/** Of a model that was built here, which tfjs forgets: later copies must follow the same rules. */
const kerasVersions = new WeakMap<layers.LayersModel, string>()

/**
 * The model of a topology in tfjs' form, our adapters included, whose masks and normalisation follow Keras. Weights are what its
 * initialisers draw; what fails in tfjs is thrown as it is.
 *
 * @param around runs the part in which weights are made
 */
export const buildLayersModel = async (
  topology: Readonly<Record<string, unknown>>,
  { tf }: ModelKernels,
  around: <T>(make: () => T) => T = (make) => make(),
): Promise<layers.LayersModel> => {
  installAdapters(tf)
  // A copy: deserialisation may write into what it is given.
  const own = structuredClone(topology) as PyJsonDict
  orderNodes(own)
  // Some layers leave tensors behind when they are made; without a weights manifest the work is done when the call returns.
  tf.engine().startScope('build')
  const built = around(() => tf.models.modelFromJSON({ modelTopology: own }))
  tf.engine().endScope()
  const model = await built
  const { keras_version: version } = topology
  if (typeof version === 'string') kerasVersions.set(model, version)
  maskLikeKeras(model, tf, String(version).startsWith('3') ? 3 : 2)
  normaliseLikeKeras(model)
  return model
}

/** As tfjs-layers writes it, with the one option that it forgets, and whose rules the model follows. */
export const topologyOf = (model: layers.LayersModel): Record<string, unknown> => {
  const topology = withoutStates(model, () => model.toJSON(null, false)) as unknown as Topology
  restoreDepthMultipliers(topology, model)
  const version = kerasVersions.get(model)
  return version === undefined ? topology : { ...topology, keras_version: version }
}

interface CalledLayer {
  readonly inboundNodes: { callArgs: Record<string, unknown> | null }[]
}

/** tfjs warns that it leaves out an initial state, which it has written among the inputs. */
const withoutStates = <T>(model: layers.LayersModel, write: () => T): T => {
  const nodes = calledLayers(model).flatMap(({ inboundNodes }) => inboundNodes)
  const stated = nodes.flatMap((node) => (node.callArgs?.initialState ? [{ node, all: node.callArgs }] : []))
  try {
    for (const { node, all } of stated) {
      const { initialState: _, ...others } = all
      node.callArgs = others
    }
    return write()
  } finally {
    for (const { node, all } of stated) node.callArgs = all
  }
}

const calledLayers = (model: layers.LayersModel): CalledLayer[] =>
  model.layers.flatMap((layer) => (isContainer(layer) ? calledLayers(layer) : [layer as unknown as CalledLayer]))

interface Topology extends Record<string, unknown> {
  readonly config: { readonly layers: readonly Topology[]; depth_multiplier?: number }
}

const restoreDepthMultipliers = (topology: Topology, model: layers.LayersModel): void => {
  for (const [i, layer] of model.layers.entries()) {
    const written = topology.config.layers[i]
    if (!written) continue
    if (isContainer(layer)) restoreDepthMultipliers(written, layer)
    else if ('depthMultiplier' in layer) written.config.depth_multiplier = layer.depthMultiplier as number
  }
}
