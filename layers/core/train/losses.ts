/** Losses as Keras trains with them: from the logits where the output is the matching softmax or sigmoid, else from clipped probabilities. */
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { UnsupportedError } from '../errors.ts'
import type { StepConfig } from '../graph/types.ts'
import type { Kernels } from '../kernels/index.ts'

type TensorFlow = Kernels['tf']

/** Keras' `epsilon()`: probabilities are kept this far from 0 and 1. */
const EPSILON = 1e-7

interface Activation {
  getClassName?(): string
  apply?(tensor: Tensor): Tensor
}

const linear: Activation = { getClassName: () => 'linear', apply: (tensor) => tensor }

/**
 * Runs the model in training mode. When its last activation is `head`, that is left out and the values before it are returned.
 * Keras does the same inside `fit`: exact where a probability rounds to 0, and fewer operations.
 */
const forward = (model: LayersModel, features: Tensor, head: string): { output: Tensor; logits: boolean } => {
  const layer = model.outputs[0]?.sourceLayer as unknown as { activation?: Activation }
  const { activation } = layer
  const logits = activation?.getClassName?.() === head
  if (logits) layer.activation = linear
  try {
    return { output: model.apply(features, { training: true }) as Tensor, logits }
  } finally {
    if (activation) layer.activation = activation
  }
}

/** Loss and right answers of a batch, from the output layer's values. */
type Score = (tf: TensorFlow, output: Tensor, targets: Tensor1D, logits: boolean) => { loss: Tensor; right: Tensor }

const clipped = (tf: TensorFlow, probabilities: Tensor): Tensor => tf.clipByValue(probabilities, EPSILON, 1 - EPSILON)

const categorical: Score = (tf, output, targets, logits) => {
  const labels = tf.cast(targets, 'int32')
  const wanted = tf.oneHot(labels, output.shape.at(-1) ?? 0)
  const surprise = (): Tensor => {
    const chances = clipped(tf, tf.div(output, tf.sum(output, -1, true)))
    return tf.mean(tf.neg(tf.sum(tf.mul(wanted, tf.log(chances)), -1)))
  }
  return {
    loss: logits ? tf.losses.softmaxCrossEntropy(wanted, output) : surprise(),
    right: tf.equal(tf.argMax(output, -1), labels),
  }
}

const binary: Score = (tf, output, targets, logits) => {
  const wanted = tf.reshape(tf.cast(targets, 'float32'), [-1, 1])
  const surprise = (): Tensor => {
    const chances = clipped(tf, output)
    const no = tf.mul(tf.sub(1, wanted), tf.log(tf.sub(1, chances)))
    return tf.neg(tf.mean(tf.add(tf.mul(wanted, tf.log(chances)), no)))
  }
  return {
    loss: logits ? tf.losses.sigmoidCrossEntropy(wanted, output) : surprise(),
    right: tf.equal(tf.cast(tf.greaterEqual(output, logits ? 0 : 0.5), 'float32'), wanted),
  }
}

const squared: Score = (tf, output, targets) => {
  const error = tf.sub(output, tf.reshape(tf.cast(targets, 'float32'), [-1, 1]))
  return { loss: tf.mean(tf.square(error)), right: tf.abs(error) }
}

const losses = {
  sparse_categorical_crossentropy: { head: 'softmax', score: categorical },
  categorical_crossentropy: { head: 'softmax', score: categorical },
  binary_crossentropy: { head: 'sigmoid', score: binary },
  mean_squared_error: { head: 'none', score: squared },
} satisfies Record<StepConfig['loss'], { head: string; score: Score }>

/** Throws UnsupportedError when the model's output cannot be compared with one class or one number per example. */
export const checkTrainable = (model: LayersModel, loss: StepConfig['loss']): void => {
  const [output] = model.outputs
  if (!output || model.outputs.length !== 1 || model.inputs.length !== 1)
    throw new UnsupportedError(
      `the model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; training takes one of each`,
    )
  const single = losses[loss].score !== categorical
  const width = output.shape.at(-1) ?? 0
  if (output.shape.length !== 2 || (single ? width !== 1 : width < 2))
    throw new UnsupportedError(
      `the model's output has shape [${output.shape.map((size) => size ?? 'batch')}], but ${loss} needs [batch, ${single ? 1 : 'classes'}]; end the model with Dense(${single ? 1 : 'classes'})`,
      { param: 'loss' },
    )
}

/** Mean loss of a batch without regularisation, and the sum of its right answers (of absolute errors for regression). */
export const lossOf = (
  tf: TensorFlow,
  config: Pick<StepConfig, 'loss' | 'model'>,
  features: Tensor,
  targets: Tensor1D,
): { loss: Scalar; correct: Scalar } => {
  const { head, score } = losses[config.loss]
  const { output, logits } = forward(config.model, features, head)
  const { loss, right } = score(tf, output, targets, logits)
  return { loss: loss as Scalar, correct: tf.sum(tf.cast(right, 'float32')) as Scalar }
}
