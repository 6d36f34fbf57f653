/** Dropout and noise from TensorFlow's own generator: what a layer draws follows from the seed and the step alone. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Kernels, NativeSurface } from '../kernels/index.ts'
import { classNames, everyLayer, type LayerLike, withProperties } from './layers.ts'

type TensorFlow = Kernels['tf']

/** Draws of one step. Every call gives other numbers; the same calls in the next step with the same seed repeat them. */
export interface RandomSource {
  /** From 0 (included) to 1. */
  uniform(shape: readonly number[]): Tensor
  /** Mean 0, standard deviation 1. */
  normal(shape: readonly number[]): Tensor
}

/** @param step an int32 scalar: the number of the step */
export function stepRandomness(tf: TensorFlow, native: NativeSurface, seed: number, step: TensorInfo): RandomSource {
  let calls = 0
  const draw = (op: string, shape: readonly number[]): Tensor => {
    // An odd multiplier spreads neighbouring calls over the generator's key space.
    const salt = (seed + Math.imul(++calls, 0x9e3779b1)) | 0
    const { attrTypes, dtypes } = native
    const seeds = tf.stack([tf.scalar(salt, 'int32'), step as Tensor])
    return native.executeSingleOutput(
      op,
      [
        { name: 'dtype', type: attrTypes.type, value: dtypes.float32 },
        { name: 'T', type: attrTypes.type, value: dtypes.int32 },
        { name: 'Tseed', type: attrTypes.type, value: dtypes.int32 },
      ],
      [tf.tensor1d([...shape], 'int32'), seeds],
    )
  }
  return {
    uniform: (shape) => draw('StatelessRandomUniform', shape),
    normal: (shape) => draw('StatelessRandomNormal', shape),
  }
}

/** Runs `body` with every random layer of the model drawing from `source` instead of JavaScript's generators. */
export function withRandomness<T>(tf: TensorFlow, model: LayersModel, source: RandomSource, body: () => T): T {
  const changes = everyLayer(model).flatMap((layer) => {
    const replacement = replace(tf, layer, source)
    return replacement === undefined ? [] : [[layer, replacement] as const]
  })
  return withProperties([...changes, [tf, randomFunctions(tf, source)]], body)
}

/** Layers written against `Kernels.tf` draw by these. */
function randomFunctions(tf: TensorFlow, source: RandomSource): Record<string, unknown> {
  type Replaced = Pick<TensorFlow, 'dropout' | 'randomUniform' | 'randomNormal'>
  const scaled = (values: Tensor, factor: number, offset: number): Tensor => tf.add(tf.mul(values, factor), offset)
  const replaced: Replaced = {
    dropout: (x, rate, noiseShape) => drop(tf, source, x as Tensor, rate, noiseShape ?? (x as Tensor).shape),
    randomUniform: (shape, low = 0, high = 1, dtype = 'float32') => {
      const values = scaled(source.uniform(shape), high - low, low)
      return tf.cast(dtype === 'int32' ? tf.floor(values) : values, dtype) as never
    },
    randomNormal: (shape, mean = 0, deviation = 1) => scaled(source.normal(shape), deviation, mean) as never,
  }
  return replaced
}

/** What a random layer's training pass does to its input. */
type Noise = (x: Tensor, layer: LayerLike) => Tensor

function replace(tf: TensorFlow, layer: LayerLike, source: RandomSource): Record<string, unknown> | undefined {
  // Recurrent cells make their masks with this function when they have one.
  if ('dropoutFunc' in layer) {
    return { dropoutFunc: (x: Tensor, rate: number) => drop(tf, source, x, rate, x.shape) }
  }
  const noises = noiseLayers(tf, source)
  const noise = classNames(layer)
    .map((name) => noises[name])
    .find((known) => known !== undefined)
  if (noise === undefined) return undefined
  return {
    call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown> = {}) {
      const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs
      return kwargs.training === true ? tf.tidy(() => noise(x, layer)) : x
    },
  }
}

/** The noise layers of tfjs-layers 4.22.0 by class name; classes that extend one of them behave as it does. */
function noiseLayers(tf: TensorFlow, source: RandomSource): Readonly<Record<string, Noise>> {
  return {
    Dropout(x, layer) {
      const { rate, getNoiseShape } = layer as LayerLike & { rate: number; getNoiseShape(x: Tensor): number[] | null }
      return drop(tf, source, x, rate, getNoiseShape.call(layer, x) ?? x.shape)
    },
    GaussianNoise(x, layer) {
      const { stddev } = layer as LayerLike & { stddev: number }
      return tf.add(x, tf.mul(source.normal(x.shape), stddev))
    },
    GaussianDropout(x, layer) {
      const { rate } = layer as LayerLike & { rate: number }
      if (rate <= 0 || rate >= 1) return x
      return tf.mul(x, tf.add(tf.mul(source.normal(x.shape), Math.sqrt(rate / (1 - rate))), 1))
    },
    AlphaDropout(x, layer) {
      const { rate, noiseShape } = layer as LayerLike & { rate: number; noiseShape?: number[] }
      return alphaDrop(tf, source, x, rate, noiseShape ?? x.shape)
    },
  }
}

/** Zeroes elements at `rate` and scales the kept ones so that the sum stays the same on average. */
function drop(tf: TensorFlow, source: RandomSource, x: Tensor, rate: number, noiseShape: readonly number[]): Tensor {
  if (rate <= 0 || rate >= 1) return x
  const kept = tf.cast(tf.greaterEqual(source.uniform(noiseShape), rate), 'float32')
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)))
}

/** Dropout for self-normalising networks (Klambauer et al. 2017): dropped units take SELU's lower limit, then mean and variance are put right. */
function alphaDrop(tf: TensorFlow, source: RandomSource, x: Tensor, rate: number, shape: readonly number[]): Tensor {
  if (rate <= 0 || rate >= 1) return x
  const limit = -1.6732632423543772 * 1.0507009873554805
  const scale = ((1 - rate) * (1 + rate * limit ** 2)) ** -0.5
  const kept = tf.cast(tf.greaterEqual(source.uniform(shape), rate), 'float32')
  const replaced = tf.add(tf.mul(x, kept), tf.mul(tf.sub(1, kept), limit))
  return tf.add(tf.mul(replaced, scale), -scale * limit * rate)
}
