/** Small models with random weights, for tests of what goes out and comes back. */

import type { Kernels } from '@maas/core/kernels'
import type { LayersModel } from '@tensorflow/tfjs-layers'

type Tf = Kernels['tf']

/** The tutorial's architecture on 8x8 images, with batch normalisation. */
export const cnn = (tf: Tf): LayersModel =>
  tf.sequential({
    name: 'small_cnn',
    layers: [
      tf.layers.conv2d({ name: 'conv', inputShape: [8, 8, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.batchNormalization({ name: 'norm' }),
      tf.layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
      tf.layers.flatten({ name: 'flat' }),
      tf.layers.dense({ name: 'probabilities', units: 10, activation: 'softmax' }),
    ],
  })

/** Two branches that are models of their own, with layers of the same names. */
export const nested = (tf: Tf): LayersModel => {
  const branch = (name: string) =>
    tf.sequential({ name, layers: [tf.layers.dense({ name: 'dense', units: 3, inputShape: [4], activation: 'tanh' })] })
  const input = tf.input({ shape: [4], name: 'x' })
  const sum = tf.layers.add({ name: 'sum' })
  const output = sum.apply([branch('left').apply(input), branch('right').apply(input)] as never)
  return tf.model({ inputs: input, outputs: output as ReturnType<typeof tf.input>, name: 'two_branches' })
}

/** What the model answers to fixed numbers in -1..1. */
export const predictions = (tf: Tf, model: LayersModel, rows = 3): number[] =>
  tf.tidy(() => {
    const [input] = model.inputs
    if (!input) throw new Error('a model without inputs')
    const shape = [rows, ...(input.shape.slice(1) as number[])]
    const size = shape.reduce((a, b) => a * b, 1)
    const x = tf.tensor(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7)),
      shape,
    )
    return [...(model.predict(x) as ReturnType<Tf['tensor']>).dataSync()]
  })
