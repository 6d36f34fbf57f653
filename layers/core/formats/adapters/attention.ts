/** Attention layers, masks and causality included; several tensors come in the order query, value, key. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { type Call, defineLayer, type LayerClass, type Options, type WeightSpec } from './define.ts'

/** Which input is query, value and key; in that order when nothing is said. */
interface Roles {
  readonly tensors?: readonly number[]
}
const inRoles = <T>(list: readonly T[], { tensors }: Roles): T[] =>
  tensors ? tensors.map((index) => list[index] as T) : [...list]

/** What Keras takes from a score that must not count, or puts in its place. */
const FAR_BELOW = 1e9

interface AttentionOptions extends Options, Roles {
  readonly useScale: boolean
  readonly scoreMode?: 'dot' | 'concat'
  readonly dropout: number
  readonly useCausalMask?: boolean
}

interface HeadOptions extends Options, Roles {
  readonly numHeads: number
  readonly keyDim: number
  readonly valueDim?: number | null
  readonly outputShape?: number | readonly number[] | null
  /** Fewer heads for keys and values, each shared by several queries. */
  readonly numKeyValueHeads?: number
  readonly dropout: number
  readonly useBias: boolean
  readonly useCausalMask?: boolean
  /** Which input says where queries may look, `[batch, queries, keys]`, or one for each head. */
  readonly allowed?: number
  /** A query that may look nowhere gets nothing, else the mean of all. */
  readonly zeroUnseen?: boolean
}

export const attentionLayers = (tf: TensorFlow): LayerClass[] => [
  dot(tf),
  additive(tf),
  multiHead(tf),
  groupedQuery(tf),
]

const attended = (shapes: readonly Shape[], options: AttentionOptions): Shape => {
  const [query = [], value = query] = inRoles(shapes, options)
  return [...query.slice(0, -1), value.at(-1) ?? null]
}

const dot = (tf: TensorFlow): LayerClass =>
  defineLayer<AttentionOptions>(tf, {
    className: 'Attention',
    weights: ({ useScale, scoreMode }) => [
      ...(useScale ? [{ name: 'scale', shape: [] }] : []),
      ...(scoreMode === 'concat' ? [{ name: 'concat_score_weight', shape: [] }] : []),
    ],
    outputShape: attended,
    call: (inputs, call) => {
      const [q, v, k = v] = inRoles(inputs, call.options)
      const { scale, concat_score_weight: weight } = call.weights
      const [query, value, key] = [q as Tensor, v as Tensor, k as Tensor]
      if (call.options.scoreMode === 'concat') {
        const sum = query.expandDims(-2).add(key.expandDims(-3))
        const scores = (scale ? sum.mul(scale) : sum).tanh().sum(-1)
        return attend(weight ? scores.mul(weight) : scores, value, call)
      }
      const scores = tf.matMul(query, key, false, true)
      return attend(scale ? scores.mul(scale) : scores, value, call)
    },
  })

const additive = (tf: TensorFlow): LayerClass =>
  defineLayer<AttentionOptions>(tf, {
    className: 'AdditiveAttention',
    weights: ({ useScale }, [shape = []]) => (useScale ? [{ name: 'scale', shape: [shape.at(-1) ?? 1] }] : []),
    outputShape: attended,
    call: (inputs, call) => {
      const [q, v, k = v] = inRoles(inputs, call.options)
      const bent = (q as Tensor)
        .expandDims(-2)
        .add((k as Tensor).expandDims(-3))
        .tanh()
      const { scale } = call.weights
      return attend((scale ? bent.mul(scale) : bent).sum(-1), v as Tensor, call)
    },
  })

/** Masked queries answer zero, masked values do not count. */
const attend = (scores: Tensor, value: Tensor, { tf, options, masks, training }: Call<AttentionOptions>): Tensor => {
  const [queryMask, valueMask] = inRoles(masks, options)
  let allowed = valueMask ? valueMask.toFloat().expandDims(-2) : null
  if (options.useCausalMask) allowed = both(allowed, causal(tf, scores))
  const masked = allowed ? scores.sub(allowed.neg().add(1).mul(FAR_BELOW)) : scores
  const weights = tf.softmax(masked)
  const kept = training && options.dropout > 0 ? tf.dropout(weights, options.dropout) : weights
  const result = tf.matMul(kept, value)
  return queryMask ? result.mul(queryMask.toFloat().expandDims(-1)) : result
}

const both = (a: Tensor | null, b: Tensor): Tensor => (a ? a.mul(b) : b)

/** `[queries, values]`, one where a query may look: at itself and before. */
const causal = (tf: TensorFlow, scores: Tensor): Tensor => {
  const [queries = 1, values = 1] = scores.shape.slice(-2)
  return tf.linalg.bandPart(tf.ones([queries, values]), -1, 0)
}

const projections = (
  shapes: readonly Shape[],
  heads: number,
  keyHeads: number,
  { keyDim, valueDim, useBias }: Pick<HeadOptions, 'keyDim' | 'valueDim' | 'useBias'>,
  output: readonly number[],
): WeightSpec[] => {
  const [query, value = query, key = value] = shapes.map((shape) => shape.at(-1) ?? 0)
  const size = valueDim ?? keyDim
  const one = (part: string, kernel: Shape, bias: Shape): WeightSpec[] => [
    { name: `${part}_kernel`, shape: kernel },
    ...(useBias ? [{ name: `${part}_bias`, shape: bias }] : []),
  ]
  return [
    ...one('query', [query ?? 0, heads, keyDim], [heads, keyDim]),
    ...one('key', [key ?? 0, keyHeads, keyDim], [keyHeads, keyDim]),
    ...one('value', [value ?? 0, keyHeads, size], [keyHeads, size]),
    ...one('output', [heads, size, ...output], [...output]),
  ]
}

const outputSizes = ({ outputShape }: Pick<HeadOptions, 'outputShape'>, [query = []]: readonly Shape[]): number[] =>
  outputShape === null || outputShape === undefined ? [query.at(-1) ?? 0] : [outputShape].flat()

const multiHead = (tf: TensorFlow): LayerClass =>
  defineLayer<HeadOptions>(tf, {
    className: 'MultiHeadAttention',
    weights: (options, shapes) =>
      projections(inRoles(shapes, options), options.numHeads, options.numHeads, options, outputSizes(options, shapes)),
    outputShape: (shapes, options) => [...(shapes[0] ?? []).slice(0, -1), ...outputSizes(options, shapes)],
    call: (inputs, call) => multiHeadCall(inputs, call, call.options.numHeads, call.options.numHeads),
  })

interface GroupedOptions extends HeadOptions {
  readonly headDim: number
  readonly numQueryHeads: number
  readonly numKeyValueHeads: number
}

const groupedQuery = (tf: TensorFlow): LayerClass =>
  defineLayer<GroupedOptions>(tf, {
    className: 'GroupedQueryAttention',
    weights: ({ headDim, numQueryHeads, numKeyValueHeads, useBias, tensors }, shapes) =>
      projections(
        inRoles(shapes, { ...(tensors && { tensors }) }),
        numQueryHeads,
        numKeyValueHeads,
        { keyDim: headDim, useBias },
        [shapes[0]?.at(-1) ?? 0],
      ),
    call: (inputs, call) => {
      const { headDim, numQueryHeads, numKeyValueHeads } = call.options
      return multiHeadCall(
        inputs,
        { ...call, options: { ...call.options, keyDim: headDim } },
        numQueryHeads,
        numKeyValueHeads,
      )
    },
  })

const multiHeadCall = (
  inputs: readonly Tensor[],
  { tf, options, weights, masks, training }: Call<HeadOptions>,
  heads: number,
  keyHeads: number,
): Tensor => {
  const [q, v = q, k = v] = inRoles(inputs, options)
  const split = (x: Tensor, part: string): Tensor =>
    project(tf, x, weights[`${part}_kernel`] as Tensor, weights[`${part}_bias`], 1).transpose([0, 2, 1, 3])
  const shared = (x: Tensor): Tensor => {
    const times = heads / keyHeads
    if (times === 1) return x
    const [batch = 1, , length = 1, size = 1] = x.shape
    return tf.tile(x.expandDims(2), [1, 1, times, 1, 1]).reshape([batch, heads, length, size])
  }
  const query = split(q as Tensor, 'query').mul(1 / Math.sqrt(options.keyDim))
  const scores = tf.matMul(query, shared(split(k as Tensor, 'key')), false, true)
  const given = options.allowed === undefined ? undefined : inputs[options.allowed]
  const allowed = headMask(tf, scores, inRoles(masks, options), given, options)?.toBool()
  // No gradient goes through a score that does not count.
  const counting = allowed ? tf.where(allowed, scores, tf.fill(scores.shape, -FAR_BELOW)) : scores
  const chances = tf.softmax(counting)
  const weighted = allowed && options.zeroUnseen ? tf.where(allowed, chances, tf.zerosLike(chances)) : chances
  const kept = training && options.dropout > 0 ? tf.dropout(weighted, options.dropout) : weighted
  const result = tf.matMul(kept, shared(split(v as Tensor, 'value'))).transpose([0, 2, 1, 3])
  return project(tf, result, weights.output_kernel as Tensor, weights.output_bias, 2)
}

/** `[batch, 1, queries, keys]` from the masks of query, value and key, causality, and what the call was given. */
const headMask = (
  tf: TensorFlow,
  scores: Tensor,
  [query, value, key]: readonly (Tensor | null)[],
  given: Tensor | undefined,
  { useCausalMask }: HeadOptions,
): Tensor | null => {
  const parts = [
    query?.toFloat().expandDims(-1),
    value?.toFloat().expandDims(-2),
    key && key !== value ? key.toFloat().expandDims(-2) : null,
  ].filter((part): part is Tensor => part !== null && part !== undefined)
  const own = parts.reduce<Tensor | null>(both, null)
  const seen = useCausalMask ? both(own, causal(tf, scores).expandDims(0)) : own
  const all = given ? both(seen, given.notEqual(tf.zerosLike(given)).toFloat()) : seen
  if (all === null || all.rank === 4) return all
  return all.rank === 3 ? all.expandDims(1) : all.reshape([1, 1, ...all.shape.slice(-2)])
}

/** Contracts the last `axes` axes of `x` with the first of the kernel. */
const project = (tf: TensorFlow, x: Tensor, kernel: Tensor, bias: Tensor | undefined, axes: number): Tensor => {
  const inner = kernel.shape.slice(0, axes).reduce((a, b) => a * b, 1)
  const product = tf.matMul(x.reshape([-1, inner]), kernel.reshape([inner, -1]))
  const shaped = product.reshape([...x.shape.slice(0, x.rank - axes), ...kernel.shape.slice(axes)])
  return bias ? shaped.add(bias) : shaped
}
