/** Layers of one's own for models that run in this process: what a custom class of Keras computes, said in TypeScript. */
import type { CustomLayer } from '@maas/core/formats'
import { BadRequestError } from './errors.ts'

export type { CustomLayer }

const registered = new Map<string, CustomLayer>()

/**
 * Says what a custom layer computes; models that `loadModel` reads from a file in this process may then have it. `name` is the
 * registered name (`package>Name`) or the class name. A service never runs code of its callers: there such a model is refused.
 * BadRequestError for a name without letters.
 *
 * @example
 * registerLayer('mine>Scaled', {
 *   weights: (options, [shape]) => [{ name: 'scale', shape: [shape.at(-1)] }],
 *   call: ([x], { tf, options, weights }) => tf.mul(tf.mul(x, weights.scale), options.factor),
 * })
 * const model = await loadModel('model.keras')
 */
export const registerLayer = (name: string, layer: CustomLayer): void => {
  if (!/[a-z]/i.test(name))
    throw new BadRequestError(`registerLayer: got the name ${JSON.stringify(name)}; give the class name`)
  registered.set(name, layer)
}

export const customLayers = (): ReadonlyMap<string, CustomLayer> => registered
