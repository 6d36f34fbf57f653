/** Layers and activations of Keras that tfjs-layers lacks or computes differently, each under a name of its own. */
import type { TensorFlow } from '../../kernels/index.ts'
import { activationClasses } from './activations.ts'
import { attentionLayers } from './attention.ts'
import { categoricalLayers } from './categorical.ts'
import { convLstmLayers } from './conv-lstm.ts'
import { convolutionLayers } from './convolution.ts'
import type { LayerClass } from './define.ts'
import { einsumLayers } from './einsum.ts'
import { elementwiseLayers } from './elementwise.ts'
import { gruLayers } from './gru.ts'
import { maskLayers } from './masks.ts'
import { mendStockLayers } from './mended.ts'
import { mergingLayers } from './merging.ts'
import { normalizationLayers } from './normalization.ts'
import { operationLayers } from './operations/index.ts'
import { poolingLayers } from './pooling.ts'
import { spatialLayers } from './spatial.ts'

const families: readonly ((tf: TensorFlow) => LayerClass[])[] = [
  attentionLayers,
  categoricalLayers,
  convLstmLayers,
  convolutionLayers,
  einsumLayers,
  elementwiseLayers,
  gruLayers,
  mergingLayers,
  normalizationLayers,
  operationLayers,
  poolingLayers,
  spatialLayers,
  maskLayers,
]

const installed = new WeakMap<TensorFlow, ReadonlySet<string>>()

/** Registers every adapter with tfjs-layers, once; none takes the place of a layer of its own. */
export const installAdapters = (tf: TensorFlow): void => void adapterNames(tf)

/** Class names of the adapters, which no stock TF.js knows; installs them. */
export const adapterNames = (tf: TensorFlow): ReadonlySet<string> => {
  const known = installed.get(tf)
  if (known) return known
  const names = new Set<string>()
  // One family after the other: later ones build on what earlier ones registered.
  for (const make of [...families, activationClasses]) {
    for (const Class of make(tf)) {
      tf.serialization.registerClass(Class as never)
      names.add((Class as unknown as { readonly className: string }).className)
    }
  }
  mendStockLayers(tf)
  installed.set(tf, names)
  return names
}
