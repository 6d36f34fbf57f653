/** Loss and hits of a batch, with Keras' numerics: from logits where the model ends in softmax or sigmoid, on clipped probabilities elsewhere. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { Kernels, NativeSurface } from '../kernels/index.ts'
import type { OutputActivation } from './logits.ts'
import type { StepConfig } from './types.ts'

type TensorFlow = Kernels['tf']

export interface BatchScore {
  /** Mean over rows and positions. */
  readonly loss: Scalar
  /** `StepResult.correct`. */
  readonly correct: Scalar
}

/** Keras' fuzz factor for probabilities. */
const epsilon = 1e-7

/**
 * @param outputs `[rows, …]`: logits when `activation` is the one that belongs to the loss, else the model's outputs
 * @param targets class numbers `[rows, …]` (int32) for the sparse loss, else the shape of `outputs`
 */
export function score(
  { tf, native }: { readonly tf: TensorFlow; readonly native: NativeSurface },
  loss: StepConfig['loss'],
  activation: OutputActivation,
  outputs: Tensor,
  targets: Tensor,
): BatchScore {
  const rows = outputs.shape[0] as number
  const perRow = (hits: Tensor): Scalar => tf.div(tf.sum(tf.cast(hits, 'float32')), hits.size / rows)
  switch (loss) {
    case 'sparse_categorical_crossentropy': {
      const logits = activation === 'softmax' ? outputs : clippedLog(tf, outputs)
      const labels: Tensor = tf.reshape(targets, [-1])
      const hits = tf.equal(tf.reshape(tf.argMax(outputs, -1), [-1]), labels)
      return { loss: crossEntropy(tf, native, logits, labels), correct: perRow(hits) }
    }
    case 'categorical_crossentropy': {
      const logits = activation === 'softmax' ? outputs : clippedLog(tf, outputs)
      const hits = tf.equal(tf.argMax(outputs, -1), tf.argMax(targets, -1))
      return { loss: crossEntropy(tf, native, logits, targets), correct: perRow(hits) }
    }
    case 'binary_crossentropy': {
      const logits = activation === 'sigmoid' ? outputs : logOdds(tf, outputs)
      const positive = tf.greaterEqual(outputs, activation === 'sigmoid' ? 0 : 0.5)
      const hits = tf.equal(tf.cast(positive, 'float32'), targets)
      return { loss: binaryCrossEntropy(tf, logits, targets), correct: perRow(hits) }
    }
    case 'mean_squared_error': {
      const error: Tensor = tf.sub(outputs, targets)
      return { loss: tf.mean(tf.square(error)), correct: perRow(tf.abs(error)) }
    }
  }
}

/** The activation whose logits a loss can be computed from. */
export const logitsActivation = (loss: StepConfig['loss']): OutputActivation =>
  loss === 'mean_squared_error' ? 'other' : loss === 'binary_crossentropy' ? 'sigmoid' : 'softmax'

const clippedLog = (tf: TensorFlow, probabilities: Tensor): Tensor =>
  tf.log(tf.clipByValue(probabilities, epsilon, 1 - epsilon))

const logOdds = (tf: TensorFlow, probabilities: Tensor): Tensor => {
  const clipped: Tensor = tf.clipByValue(probabilities, epsilon, 1 - epsilon)
  return tf.log(tf.div(clipped, tf.sub(1, clipped)))
}

/** Softmax and cross-entropy in TensorFlow's one operation, which also gives the gradient. */
function crossEntropy(tf: TensorFlow, native: NativeSurface, logits: Tensor, targets: Tensor): Scalar {
  const classes = logits.shape.at(-1) as number
  const sparse = targets.dtype === 'int32'
  const { attrTypes, dtypes } = native
  const T = { name: 'T', type: attrTypes.type, value: dtypes.float32 }
  const fused = tf.customGrad((flat, save) => {
    const labels: Tensor = sparse ? targets : tf.reshape(targets, [-1, classes])
    const [losses, gradient] = native.executeMultipleOutputs(
      sparse ? 'SparseSoftmaxCrossEntropyWithLogits' : 'SoftmaxCrossEntropyWithLogits',
      sparse ? [T, { name: 'Tlabels', type: attrTypes.type, value: dtypes.int32 }] : [T],
      [flat as Tensor, labels],
      2,
    ) as [Tensor, Tensor]
    ;(save as (tensors: Tensor[]) => void)([gradient])
    return {
      value: tf.mean(losses),
      gradFunc: (dy, saved) => tf.mul(saved[0] as Tensor, tf.div(dy, losses.size)),
    }
  })
  return fused(tf.reshape(logits, [-1, classes])) as Scalar
}

/** max(z, 0) - z·t + log(1 + exp(-|z|)), whose gradient is sigmoid(z) - t. */
function binaryCrossEntropy(tf: TensorFlow, logits: Tensor, targets: Tensor): Scalar {
  const stable = tf.customGrad((z, save) => {
    const x = z as Tensor
    ;(save as (tensors: Tensor[]) => void)([x])
    const losses = tf.add(tf.sub(tf.relu(x), tf.mul(x, targets)), tf.log1p(tf.exp(tf.neg(tf.abs(x)))))
    return {
      value: tf.mean(losses),
      gradFunc: (dy, saved) => tf.mul(tf.sub(tf.sigmoid(saved[0] as Tensor), targets), tf.div(dy, x.size)),
    }
  })
  return stable(logits) as Scalar
}
