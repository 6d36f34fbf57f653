/** Takes the softmax or sigmoid off a model's end, so that the loss can be computed from logits: cheaper, and exact where probabilities round to 0. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Kernels } from '../kernels/index.ts'
import { type Activation, classNames, type LayerLike, onlyTensors, withProperties } from './layers.ts'

export type OutputActivation = 'softmax' | 'sigmoid' | 'other'

/** What the model's last layer applies last. */
export function outputActivation(model: LayersModel): OutputActivation {
  const layer = lastLayer(model)
  if (classNames(layer).includes('Softmax')) return softmaxOverLast(layer, model) ? 'softmax' : 'other'
  const name = layer.activation?.getClassName()
  return name === 'softmax' || name === 'sigmoid' ? name : 'other'
}

/** Runs `body` with the model giving what its softmax or sigmoid would be applied to. */
export function withLogits<T>(tf: Kernels['tf'], model: LayersModel, body: () => T): T {
  const layer = lastLayer(model)
  if (outputActivation(model) === 'other') return body()
  const { activation } = tf.layers.activation({ activation: 'linear' }) as unknown as { activation: Activation }
  const change = layer.activation === undefined ? { softmax: (x: Tensor) => x } : { activation }
  return withProperties([[layer, change]], body)
}

/** The layer that makes the output, inside nested models too. */
function lastLayer(model: LayersModel): LayerLike {
  let layer = onlyTensors(model).output.sourceLayer as unknown as LayerLike
  for (let nested = layer.outputs?.[0]; nested !== undefined; nested = layer.outputs?.[0]) {
    layer = nested.sourceLayer as unknown as LayerLike
  }
  return layer
}

function softmaxOverLast(layer: LayerLike, model: LayersModel): boolean {
  const { axis } = layer as LayerLike & { axis?: unknown }
  return axis === -1 || axis === onlyTensors(model).output.shape.length - 1
}
