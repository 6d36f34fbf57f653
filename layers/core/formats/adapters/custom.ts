/** Layers of one's own: given by a program for its own process, never brought by a file, never run by a service. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerDefinition, type Options } from './define.ts'
import { type Literal, textOf } from './literal.ts'

/**
 * What a custom layer of Keras computes: options are its `get_config()` in Python's spelling, weights by the names given here, in
 * the order in which Keras makes them, shapes with the batch first.
 */
export type CustomLayer = Omit<LayerDefinition<Options>, 'className'>

/** By registered name (`package>Name`) or class name. */
export type CustomLayers = ReadonlyMap<string, CustomLayer>

const PREFIX = 'KerasCustom'

export const isCustomClass = (className: string): boolean => className.startsWith(PREFIX)

/** As the topology names it; tfjs changes the case of what follows an underscore, so there is none. */
export const customClass = (name: string): string =>
  `${PREFIX}${name.replace(/[^a-zA-Z0-9]/g, (sign) => `x${sign.charCodeAt(0).toString(16)}`)}`

interface Stored extends Options {
  readonly options: Literal
}

/** Makes the layers known to tfjs-layers in this process. */
export const installCustomLayers = (tf: TensorFlow, layers: CustomLayers): void => {
  for (const [name, layer] of layers) {
    const own = ({ options }: Stored): Options => JSON.parse(textOf(options))
    const { weights, outputShape, call, ...rest } = layer
    const Class = defineLayer<Stored>(tf, {
      ...rest,
      className: customClass(name),
      call: (inputs: readonly Tensor[], given) => call(inputs, { ...given, options: own(given.options) }),
      ...(weights && { weights: (options, shapes) => weights(own(options), shapes) }),
      ...(outputShape && { outputShape: (shapes, options) => outputShape(shapes, own(options)) }),
    })
    tf.serialization.registerClass(Class as never)
  }
}
