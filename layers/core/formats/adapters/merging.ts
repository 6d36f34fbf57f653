/** Merging layers of Keras 3 that look at masks: a masked position counts as if its tensor were not there. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { broadcastShapes, defineLayer, type LayerClass } from './define.ts'

/** Every number of a step counts or none does. */
const wide = (mask: Tensor, x: Tensor): Tensor => mask.toBool().expandDims(-1).broadcastTo(x.shape)

/** Only where all tensors have a mask does their product, or what is chosen of them, have one. */
const joined = (tf: TensorFlow, masks: readonly (Tensor | null)[]): Tensor | null =>
  masks.reduce((all, mask) => (all && mask ? tf.logicalOr(all.toBool(), mask.toBool()) : null))

export const mergingLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer(tf, {
    className: 'KerasMultiply',
    outputShape: broadcastShapes,
    mask: (_, masks) => joined(tf, masks),
    call: (inputs, { masks }) => {
      const factors = inputs.map((x, at) => {
        const mask = masks[at]
        return mask ? tf.where(wide(mask, x), x, tf.onesLike(x)) : x
      })
      const product = factors.reduce((all, factor) => all.mul(factor))
      const mask = joined(tf, masks)
      return mask ? tf.where(wide(mask, product), product, tf.zerosLike(product)) : product
    },
  }),
  ...(['Maximum', 'Minimum'] as const).map((kind) =>
    defineLayer(tf, {
      className: `Keras${kind}`,
      outputShape: broadcastShapes,
      mask: (_, masks) => joined(tf, masks),
      call: ([first, ...others], { masks: [firstMask, ...otherMasks] }) => {
        let best = first as Tensor
        let bestMask = firstMask ? wide(firstMask, best) : null
        for (const [at, other] of others.entries()) {
          const own = otherMasks[at]
          const mask = own ? wide(own, other) : null
          const counted = mask ? tf.where(mask, other, best) : other
          const before = bestMask ? tf.where(bestMask, best, counted) : best
          bestMask = mask && bestMask ? tf.logicalOr(bestMask, mask) : null
          best = kind === 'Maximum' ? before.maximum(counted) : before.minimum(counted)
        }
        return best
      },
    }),
  ),
]
