/**
 * Lets masks go from layer to layer as in Keras. tfjs-layers hands a layer the mask of its first input alone, keeps handing on an
 * earlier one where there is none any more, and joins the masks of several inputs wrongly; so none of that is left to it.
 */
import type { Tensor } from '@tensorflow/tfjs-core'
import type * as layers from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../kernels/index.ts'

type Layer = layers.layers.Layer
type Masks = readonly (Tensor | null)[]
type Apply = (inputs: Tensor | Tensor[], kwargs?: Record<string, unknown>) => Tensor | Tensor[]
/** The mask of a layer's output, or one for each of its outputs. */
type Rule = (inputs: readonly Tensor[], masks: Masks) => Tensor | null | Masks

export const isContainer = (layer: Layer): layer is layers.LayersModel =>
  Array.isArray((layer as Partial<layers.LayersModel>).layers)

/** `keras` is whose rules the model was made under; the two join masks differently. */
export const maskLikeKeras = (model: layers.LayersModel, tf: TensorFlow, keras: 2 | 3): void => {
  const known = new WeakMap<Tensor, Tensor>()
  const visit = (layer: Layer): void => {
    if (isContainer(layer)) {
      for (const inner of layer.layers) visit(inner)
    } else follow(layer, known, maskRule(layer, tf, keras), tf)
    // From here on tfjs takes no part in it.
    Object.assign(layer, { computeMask: () => null, setMaskMetadata: () => {} })
  }
  visit(model)
}

const follow = (layer: Layer, known: WeakMap<Tensor, Tensor>, rule: Rule, tf: TensorFlow): void => {
  const apply = layer.apply.bind(layer) as Apply
  const masked: Apply = (inputs, kwargs) => {
    const list = [inputs].flat()
    if (!list.every((input) => input instanceof tf.Tensor)) return apply(inputs, kwargs)
    const masks = list.map((input) => known.get(input) ?? null)
    const { mask: _, ...others } = kwargs ?? {}
    const mask = takesAllMasks(layer) ? masks : (masks[0] ?? null)
    const result = apply(inputs, masks.some(Boolean) ? { ...others, mask } : others)
    const given = [rule(list, masks)].flat()
    for (const [at, output] of [result].flat().entries()) {
      const own = given[at]
      if (own) known.set(output, own)
    }
    return result
  }
  layer.apply = masked as Layer['apply']
}

/** Layers of ours; those of tfjs know what to do with one. */
const takesAllMasks = (layer: Layer): boolean => 'takesAllMasks' in layer && layer.takesAllMasks === true

const merging = new Set(['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum'])

/** Which versions of Keras hand a mask on, where tfjs says something else of its own class, or they differ. */
const handsOn: Readonly<Record<string, readonly (2 | 3)[]>> = {
  ELU: [2, 3],
  LeakyReLU: [2, 3],
  ThresholdedReLU: [2, 3],
  Rescaling: [3],
  Normalization: [3],
}

const maskRule = (layer: Layer, tf: TensorFlow, keras: 2 | 3): Rule => {
  const className = layer.getClassName()
  const own = handsOn[className]
  if (own) return own.includes(keras) ? (_, [first = null]) => first : () => null
  if (!layer.supportsMasking) return () => null
  const join = keras === 3 ? tf.logicalOr : tf.logicalAnd
  if (merging.has(className)) {
    return (_, masks) => {
      const present = masks.filter((mask) => mask !== null)
      if (present.length === 0 || (keras === 3 && present.length < masks.length)) return null
      return present.reduce((all, mask) => join(all, mask))
    }
  }
  if (className === 'Concatenate') return concatenated(tf, keras, (layer as Layer & { readonly axis: number }).axis)
  const computeMask = layer.computeMask.bind(layer)
  return (inputs, masks) =>
    computeMask(
      (inputs.length === 1 ? inputs[0] : inputs) as Tensor,
      (masks.length === 1 ? masks[0] : masks) as Tensor,
    ) as Tensor | null
}

/** A step counts where one of its numbers does (Keras 3), or where all do (Keras 2). */
const concatenated =
  (tf: TensorFlow, keras: 2 | 3, axis: number): Rule =>
  (inputs, masks) => {
    if (masks.every((mask) => mask === null)) return null
    const whole = inputs.map((input, at) => {
      const mask = masks[at] ?? null
      if (mask === null) return tf.onesLike(input).toBool()
      return mask.rank < input.rank ? tf.logicalAnd(mask.toBool().expandDims(-1), tf.onesLike(input).toBool()) : mask
    })
    const all = tf.concat(whole, axis)
    return keras === 3 ? all.any(-1) : all.all(-1)
  }
