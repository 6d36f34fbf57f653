/** Which options of which Keras layer tfjs-layers computes exactly; an option that is not listed and not off refuses the layer. */
import type { Config } from './config.ts'
import { recurrentRules } from './recurrent-rules.ts'
import { Refusal } from './report.ts'
import { ANY, adapted, type LayerRule, lastChannels, rule, variables, window } from './rule.ts'

const one = [1, [1], [1, 1], [1, 1, 1]]

const activated = ['activation', 'use_bias', ...variables('bias')]
const convolution = ['filters', ...window, ...activated, ...variables('kernel')]
const transposed = convolution.filter((option) => option !== 'dilation_rate')
const pool = ['pool_size', 'strides', 'padding', 'data_format']

const isDilated = ({ dilation_rate: rate = 1 }: Config): boolean => [rate].flat().some((one) => one !== 1)

const conv =
  (className: string): LayerRule['convert'] =>
  (kept, { groups = 1 }) => {
    const why = [
      ...(groups === 1 ? [] : [`${groups} groups`]),
      ...(kept.padding === 'causal' ? ['causal padding'] : []),
      // tfjs' own predicts, and refuses to learn.
      ...(isDilated(kept) ? ['dilated'] : []),
    ]
    return why.length === 0 ? kept : adapted(className, { ...kept, groups }, why.join(', '))
  }

const pooling =
  (className: string): LayerRule['convert'] =>
  (kept, { keepdims }, { masked }) => {
    if (keepdims === true) return adapted(className, { ...kept, keepdims }, 'keeps its dimensions')
    return masked && className.endsWith('AveragePooling1D') ? adapted(className, kept, 'leaves masked steps out') : kept
  }

/** Keras 2 does not look at masks here. */
const merging =
  (className: string): LayerRule['convert'] =>
  (kept, _, { masked, keras }) =>
    masked && keras === 3 ? adapted(className, kept, 'leaves masked positions out') : kept

/** What tfjs-layers itself computes as Keras does. */
export const layerRules: Readonly<Record<string, LayerRule>> = {
  InputLayer: rule(['sparse'], { batch_shape: ANY, optional: [false] }, (kept, own) => ({
    ...kept,
    batch_input_shape: own.batch_shape ?? own.batch_input_shape,
  })),
  Dense: rule(['units', ...activated, ...variables('kernel')]),
  Activation: rule(['activation']),
  Embedding: rule(['input_dim', 'output_dim', 'mask_zero', 'input_length', ...variables('embeddings')]),
  Masking: rule(['mask_value']),
  Permute: rule(['dims']),
  RepeatVector: rule(['n']),
  Flatten: rule(['data_format'], lastChannels),
  Reshape: rule(['target_shape']),

  Conv1D: rule(convolution, { ...lastChannels, groups: ANY }, conv('KerasConv1D')),
  Conv2D: rule(convolution, { ...lastChannels, groups: ANY }, conv('KerasConv2D')),
  // TensorFlow's own kernel dilates no third dimension on a CPU.
  Conv3D: rule(convolution, { ...lastChannels, groups: ANY, dilation_rate: one }, conv('KerasConv3D')),
  Conv2DTranspose: rule(transposed, { ...lastChannels, groups: [1], dilation_rate: one }),
  Conv3DTranspose: rule(transposed, { ...lastChannels, groups: [1], dilation_rate: one }),
  DepthwiseConv2D: rule(
    [...window, ...activated, 'depth_multiplier', ...variables('depthwise')],
    { ...lastChannels, groups: [1] },
    (kept) => (isDilated(kept) ? adapted('KerasDepthwiseConv2D', kept, 'dilated') : kept),
  ),
  SeparableConv2D: rule(
    ['filters', ...window, ...activated, 'depth_multiplier', ...variables('depthwise', 'pointwise')],
    { ...lastChannels, groups: [1], ...Object.fromEntries(variables('kernel').map((option) => [option, ANY])) },
  ),

  MaxPooling1D: rule(pool, lastChannels),
  MaxPooling2D: rule(pool, lastChannels),
  MaxPooling3D: rule(pool, lastChannels),
  AveragePooling1D: rule(pool, lastChannels),
  AveragePooling2D: rule(pool, lastChannels),
  AveragePooling3D: rule(pool, lastChannels),
  GlobalMaxPooling1D: rule([], { ...lastChannels, keepdims: ANY }, pooling('KerasGlobalMaxPooling1D')),
  GlobalMaxPooling2D: rule(['data_format'], { ...lastChannels, keepdims: ANY }, pooling('KerasGlobalMaxPooling2D')),
  GlobalAveragePooling1D: rule([], { ...lastChannels, keepdims: ANY }, pooling('KerasGlobalAveragePooling1D')),
  GlobalAveragePooling2D: rule(
    ['data_format'],
    { ...lastChannels, keepdims: ANY },
    pooling('KerasGlobalAveragePooling2D'),
  ),
  ZeroPadding2D: rule(['padding', 'data_format'], lastChannels),
  Cropping2D: rule(['cropping', 'data_format'], lastChannels),
  UpSampling2D: rule(
    ['size', 'data_format', 'interpolation'],
    { ...lastChannels, interpolation: ['nearest', 'bilinear'] },
    (kept) =>
      kept.interpolation === 'bilinear' ? adapted('KerasUpSampling2D', kept, 'pixel centres at the half') : kept,
  ),

  BatchNormalization: rule(
    [
      'axis',
      'momentum',
      'epsilon',
      'center',
      'scale',
      ...variables('beta', 'gamma'),
      'moving_mean_initializer',
      'moving_variance_initializer',
    ],
    // Synchronised is what several replicas would do; here is one.
    { renorm_momentum: ANY, synchronized: ANY },
    (kept) => ({ ...kept, axis: singleAxis(kept.axis) }),
  ),
  LayerNormalization: rule(['axis', 'epsilon', 'center', 'scale', ...variables('beta', 'gamma')]),

  ...recurrentRules,
  TimeDistributed: rule(['layer'], {}, (kept, own, { masked }) => {
    const { class_name: inner } = own.layer as { class_name: string }
    if (masked && looksAtMasks.test(inner)) {
      throw new Refusal(`its ${inner} would leave masked steps out, which is not supported inside of it`)
    }
    return kept
  }),

  Add: rule(),
  Multiply: rule([], {}, merging('KerasMultiply')),
  Average: rule(),
  Maximum: rule([], {}, merging('KerasMaximum')),
  Minimum: rule([], {}, merging('KerasMinimum')),
  Concatenate: rule(['axis']),
  Dot: rule(['axes', 'normalize']),

  Dropout: rule(['rate', 'noise_shape', 'seed']),
  SpatialDropout1D: rule(['rate', 'seed']),
  GaussianNoise: rule(['stddev'], { seed: ANY }),
  GaussianDropout: rule(['rate'], { seed: ANY }),
  AlphaDropout: rule(['rate', 'noise_shape'], { seed: ANY }),

  PReLU: rule(['shared_axes', ...variables('alpha')]),
  Softmax: rule(['axis'], {}, (kept, _, { masked }) => {
    if (masked) throw new Refusal('it leaves masked positions out, which is not supported')
    return kept.axis === -1 ? kept : adapted('KerasSoftmax', kept, 'an axis other than the last')
  }),
  ReLU: rule(['max_value'], { negative_slope: ANY, threshold: ANY }, (kept, { negative_slope = 0, threshold = 0 }) =>
    negative_slope || threshold
      ? adapted('KerasReLU', { ...kept, negative_slope, threshold }, 'a slope or a threshold')
      : kept,
  ),
  LeakyReLU: rule([], { alpha: ANY, negative_slope: ANY }, (kept, own) => ({
    ...kept,
    alpha: own.negative_slope ?? own.alpha,
  })),
  ELU: rule(['alpha'], {}, (kept) => (kept.alpha === 1 ? kept : adapted('KerasELU', kept, 'an alpha other than 1'))),
  ThresholdedReLU: rule(['theta']),
  Rescaling: rule(['scale', 'offset']),
}

/** Layers and models that compute something else where steps are masked. */
const looksAtMasks = /RNN|LSTM|GRU|Bidirectional|GlobalAverage|Attention|Softmax|Sequential|Functional|Model/

const singleAxis = (axis: unknown): unknown => {
  if (!Array.isArray(axis)) return axis
  if (axis.length === 1) return axis[0]
  throw new Refusal(`it normalises over several axes (${axis}); only one is supported`)
}

/** The call is in the options: see `calls.ts`. */
export const operationRule: LayerRule = {
  keep: ['call'],
  others: 'drop',
  convert: ({ name, call }) =>
    adapted('KerasOperation', { name, call, trainable: false, dtype: 'float32' }, 'an operation on tensors'),
}
