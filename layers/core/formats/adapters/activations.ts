/** Activations that tfjs-layers lacks, or that Keras 3 defines anew. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'

type Function = (x: Tensor, tf: TensorFlow) => Tensor

/** relu6(x + 3) / 6, Keras 3's hard sigmoid. */
const hardSigmoid: Function = (x) => x.add(3).clipByValue(0, 6).div(6)

/** By name in the topology; options are Keras' defaults, for a name carries none. */
export const activations: Readonly<Record<string, Function>> = {
  exponential: (x) => x.exp(),
  leaky_relu: (x, tf) => tf.leakyRelu(x, 0.2),
  hard_sigmoid3: hardSigmoid,
  hard_silu: (x, tf) => x.mul(hardSigmoid(x, tf)),
  celu: (x, tf) => tf.elu(x),
  log_sigmoid: (x) => x.neg().softplus().neg(),
  squareplus: (x) => x.add(x.square().add(4).sqrt()).div(2),
  tanh_shrink: (x) => x.sub(x.tanh()),
  hard_tanh: (x) => x.clipByValue(-1, 1),
  glu: (x, tf) => {
    const [value, gate] = tf.split(x, 2, -1)
    return (value as Tensor).mul((gate as Tensor).sigmoid())
  },
  soft_shrink: (x) => x.sub(0.5).relu().sub(x.neg().sub(0.5).relu()),
  hard_shrink: (x, tf) => tf.where(x.abs().greater(0.5), x, tf.zerosLike(x)),
  /** 0 below -1, x above 1, (x + 1)² / 4 between. */
  sparse_plus: (x, tf) => tf.where(x.lessEqual(-1), tf.zerosLike(x), tf.where(x.less(1), x.add(1).square().div(4), x)),
  sparse_sigmoid: (x) => x.add(1).div(2).clipByValue(0, 1),
  /** Keras sums the cumulated sums where the paper (Martins & Astudillo 2016) sums the scores; the same numbers count here. */
  sparsemax: (x, tf) => {
    const size = x.shape.at(-1) ?? 1
    const { values: sorted } = tf.topk(x, size, true)
    const order = tf.range(1, size + 1)
    const cumulated = tf.cumsum(sorted, sorted.rank - 1)
    const support = sorted.mul(order).add(1).greater(cumulated)
    const count = support.toFloat().sum(-1, true)
    const total = tf.where(support, cumulated, tf.zerosLike(cumulated)).sum(-1, true)
    return x.sub(total.sub(1).div(count)).relu()
  },
}

/** Classes by which tfjs-layers finds an activation: the name in camel case. */
export const activationClasses = (tf: TensorFlow) =>
  Object.entries(activations).map(([name, compute]) => {
    const key = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    return class extends tf.serialization.Serializable {
      static className = key

      apply(x: Tensor): Tensor {
        return tf.tidy(() => compute(x, tf))
      }

      override getConfig() {
        return {}
      }
    }
  })
