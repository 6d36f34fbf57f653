/** Which options of which Keras layer tfjs-layers computes exactly; an option that is not listed and not off refuses the layer. */
import type { Config } from './config.ts'
import { Refusal } from './report.ts'

/** What a layer becomes when its name or options change. */
export interface Converted {
  readonly className: string
  readonly config: Config
  /** For the report: what was changed. */
  readonly why: string
}

export interface LayerRule {
  /** Options passed on; initialisers and the like are translated by their names' endings. */
  readonly keep: readonly string[]
  /** Options which change nothing at these values; any other value refuses the layer. */
  readonly only?: Readonly<Record<string, readonly unknown[]>>
  /** Last touches on the kept options, with the layer's own configuration at hand. */
  readonly convert?: (kept: Config, own: Config) => Config | Converted
}

/** The option may have any value: it changes nothing, or `convert` looks after it. */
export const ANY: readonly unknown[] = []

const variables = (...names: string[]): string[] =>
  names.flatMap((name) => [`${name}_initializer`, `${name}_regularizer`, `${name}_constraint`])

const lastChannels = { data_format: ['channels_last'] }
const one = [1, [1], [1, 1], [1, 1, 1]]
const rule = (keep: readonly string[] = [], only?: LayerRule['only'], convert?: LayerRule['convert']): LayerRule => ({
  keep,
  ...(only && { only }),
  ...(convert && { convert }),
})

const window = ['kernel_size', 'strides', 'padding', 'dilation_rate', 'data_format']
const activated = ['activation', 'use_bias', ...variables('bias')]
const convolution = ['filters', ...window, ...activated, ...variables('kernel')]
const transposed = convolution.filter((option) => option !== 'dilation_rate')
const pool = ['pool_size', 'strides', 'padding', 'data_format']

const recurrentCell = [
  'units',
  'activation',
  'use_bias',
  ...variables('kernel', 'recurrent', 'bias'),
  'dropout',
  'recurrent_dropout',
  'implementation',
]
const recurrentLayer = ['return_sequences', 'return_state', 'go_backwards']
/** Unrolling changes speed alone. Where a masked step's output is zeroed, only a mask would show it: see `masks.ts`. */
const recurrentOnly = {
  stateful: [false],
  time_major: [false],
  unroll: [true, false],
  zero_output_for_mask: [true, false],
}
const gated = ['recurrent_activation']

const resetBefore = (kept: Config, own: Config): Config => {
  if (own.reset_after === true) {
    throw new Refusal('a GRU with reset_after=True is not supported yet; build it with reset_after=False')
  }
  return { ...kept, reset_after: false }
}

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

  Conv1D: rule(convolution, { ...lastChannels, groups: [1], padding: ['valid', 'same'] }),
  Conv2D: rule(convolution, { ...lastChannels, groups: [1] }),
  Conv3D: rule(convolution, { ...lastChannels, groups: [1] }),
  Conv2DTranspose: rule(transposed, { ...lastChannels, groups: [1], dilation_rate: one }),
  Conv3DTranspose: rule(transposed, { ...lastChannels, groups: [1], dilation_rate: one }),
  DepthwiseConv2D: rule([...window, ...activated, 'depth_multiplier', ...variables('depthwise')], {
    ...lastChannels,
    groups: [1],
  }),
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
  GlobalMaxPooling1D: rule([], { ...lastChannels, keepdims: [false] }),
  GlobalMaxPooling2D: rule(['data_format'], { ...lastChannels, keepdims: [false] }),
  GlobalAveragePooling1D: rule([], { ...lastChannels, keepdims: [false] }),
  GlobalAveragePooling2D: rule(['data_format'], { ...lastChannels, keepdims: [false] }),
  ZeroPadding2D: rule(['padding', 'data_format'], lastChannels),
  Cropping2D: rule(['cropping', 'data_format'], lastChannels),
  UpSampling2D: rule(['size', 'data_format', 'interpolation'], { ...lastChannels, interpolation: ['nearest'] }),

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
    { renorm_momentum: ANY },
    (kept) => ({ ...kept, axis: singleAxis(kept.axis) }),
  ),
  LayerNormalization: rule(['axis', 'epsilon', 'center', 'scale', ...variables('beta', 'gamma')]),

  SimpleRNN: rule([...recurrentCell, ...recurrentLayer], recurrentOnly),
  LSTM: rule([...recurrentCell, ...gated, 'unit_forget_bias', ...recurrentLayer], recurrentOnly),
  GRU: rule([...recurrentCell, ...gated, ...recurrentLayer], { ...recurrentOnly, reset_after: ANY }, resetBefore),
  SimpleRNNCell: rule(recurrentCell),
  LSTMCell: rule([...recurrentCell, ...gated, 'unit_forget_bias']),
  GRUCell: rule([...recurrentCell, ...gated], { reset_after: ANY }, resetBefore),
  StackedRNNCells: rule(['cells'], { reverse_state_order: [false] }),
  RNN: rule(['cell', ...recurrentLayer], recurrentOnly),
  ConvLSTM2D: rule(
    [
      'filters',
      ...window,
      ...recurrentCell.filter((option) => option !== 'units'),
      ...gated,
      'unit_forget_bias',
      ...recurrentLayer,
    ],
    { ...lastChannels, ...recurrentOnly },
  ),
  Bidirectional: rule(['layer', 'merge_mode'], { backward_layer: ANY }),
  TimeDistributed: rule(['layer']),

  Add: rule(),
  Multiply: rule(),
  Average: rule(),
  Maximum: rule(),
  Minimum: rule(),
  Concatenate: rule(['axis']),
  Dot: rule(['axes', 'normalize']),

  Dropout: rule(['rate', 'noise_shape', 'seed']),
  SpatialDropout1D: rule(['rate', 'seed']),
  GaussianNoise: rule(['stddev'], { seed: ANY }),
  GaussianDropout: rule(['rate'], { seed: ANY }),
  AlphaDropout: rule(['rate', 'noise_shape'], { seed: ANY }),

  PReLU: rule(['shared_axes', ...variables('alpha')]),
  Softmax: rule(['axis']),
  ReLU: rule(['max_value'], { negative_slope: [0], threshold: [0] }),
  LeakyReLU: rule([], { alpha: ANY, negative_slope: ANY }, (kept, own) => ({
    ...kept,
    alpha: own.negative_slope ?? own.alpha,
  })),
  ELU: rule(['alpha'], { alpha: [1] }),
  ThresholdedReLU: rule(['theta']),
  Rescaling: rule(['scale', 'offset']),
}

const singleAxis = (axis: unknown): unknown => {
  if (!Array.isArray(axis)) return axis
  if (axis.length === 1) return axis[0]
  throw new Refusal(`it normalises over several axes (${axis}); only one is supported`)
}
