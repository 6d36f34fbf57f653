/** Batch normalisation in training as Keras does it, where tfjs-layers would do something else without a word. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type * as layers from '@tensorflow/tfjs-layers'
import { UnsupportedError } from '../errors.ts'
import { isContainer } from './masking.ts'

type Layer = layers.layers.Layer
type Call = (inputs: Tensor | Tensor[], kwargs: Record<string, unknown>) => Tensor | Tensor[]

/** A frozen layer normalises by the statistics it has and keeps them; one behind a mask is not trained. */
export const normaliseLikeKeras = (model: layers.LayersModel): void => {
  const visit = (layer: Layer, frozen: boolean): void => {
    if (isContainer(layer)) {
      for (const inner of layer.layers) visit(inner, frozen || !layer.trainable)
    } else if (layer.getClassName() === 'BatchNormalization') follow(layer, frozen || !layer.trainable)
    else if ('layer' in layer) visit(layer.layer as Layer, frozen || !layer.trainable)
  }
  visit(model, false)
}

const follow = (layer: Layer, frozen: boolean): void => {
  // What else asks whether it is frozen need not know what encloses it.
  if (frozen) layer.trainable = false
  const call = layer.call.bind(layer) as Call
  const own: Call = (inputs, kwargs) => {
    if (frozen) return call(inputs, { ...kwargs, training: false })
    if (kwargs.training === true && kwargs.mask) {
      throw new UnsupportedError(
        `layer ${layer.name} normalises a batch of which steps are masked; such a model predicts, but is not trained here. ` +
          'Freeze the layer (trainable = False), or put the mask behind it.',
      )
    }
    return call(inputs, kwargs)
  }
  layer.call = own as Layer['call']
}
