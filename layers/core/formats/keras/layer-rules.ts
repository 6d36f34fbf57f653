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

/** What a rule may look at beside the layer. */
export interface RuleContext {
  readonly keras?: 2 | 3
  readonly masked?: boolean
  readonly inputs?: readonly (readonly (readonly [string, number, number])[])[]
}

export interface LayerRule {
  /** Options passed on; initialisers and the like are translated by their names' endings. */
  readonly keep: readonly string[]
  /** Options which change nothing at these values; any other value refuses the layer. */
  readonly only?: Readonly<Record<string, readonly unknown[]>>
  /** What to do with options that are not listed. @default refuse those that are on */
  readonly others?: 'drop'
  /** Last touches on the kept options, with the layer's own configuration at hand. */
  readonly convert?: (kept: Config, own: Config, context: RuleContext) => Config | Converted
  /** Which of the stored variables the layer has here, when not all. */
  readonly variables?: (names: readonly string[]) => readonly string[]
}

/** The option may have any value: it changes nothing, or `convert` looks after it. */
export const ANY: readonly unknown[] = []

export const variables = (...names: string[]): string[] =>
  names.flatMap((name) => [`${name}_initializer`, `${name}_regularizer`, `${name}_constraint`])

export const lastChannels = { data_format: ['channels_last'] }
const one = [1, [1], [1, 1], [1, 1, 1]]
export const rule = (
  keep: readonly string[] = [],
  only?: LayerRule['only'],
  convert?: LayerRule['convert'],
): LayerRule => ({
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
/** Unrolling changes speed alone. What is written at masked steps, only a mask would show: see `maskedSteps`. */
const recurrentOnly = {
  stateful: [false],
  time_major: [false],
  unroll: [true, false],
  zero_output_for_mask: [true, false],
}
const gated = ['recurrent_activation']

/** A class of ours in place of tfjs' own. */
export const adapted = (className: string, config: Config, why: string): Converted => ({ className, config, why })

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

const gru =
  (className: string): LayerRule['convert'] =>
  (kept, own, context) => {
    // Files from before the option existed mean the older formula.
    if (own.reset_after !== true) {
      const config = { ...kept, reset_after: false }
      const { why } = maskedSteps(className, config, own, context) ?? {}
      if (why !== undefined) throw new Refusal(`it has reset_after=False and ${why}, which is not supported together`)
      return config
    }
    const config = { ...kept, reset_after: true }
    const byDefault = adapted(className, config, 'the reset gate acts after the matrix product')
    return maskedSteps('KerasMaskedGRU', config, own, context) ?? byDefault
  }

/** tfjs writes the state at a masked step: the same as Keras, but where Keras writes zeros, or starts from a given state. */
const maskedSteps = (
  className: string,
  kept: Config,
  own: Config,
  { masked, inputs = [] }: RuleContext,
): Converted | undefined => {
  if (masked !== true) return undefined
  if (/"class_name":"StackedRNNCells"/.test(JSON.stringify(own))) {
    throw new Refusal('its cells are stacked while steps are masked, which is not supported')
  }
  const zeros = own.zero_output_for_mask === true
  if (!zeros && inputs.every((call) => call.length === 1)) return undefined
  const why = zeros ? 'it writes zeros at masked steps' : 'it starts from a given state while steps are masked'
  return adapted(className, { ...kept, zero_output_for_mask: zeros }, why)
}

const recurrent =
  (className: string): LayerRule['convert'] =>
  (kept, own, context) =>
    maskedSteps(`KerasMasked${className}`, kept, own, context) ?? kept

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
    { renorm_momentum: ANY },
    (kept) => ({ ...kept, axis: singleAxis(kept.axis) }),
  ),
  LayerNormalization: rule(['axis', 'epsilon', 'center', 'scale', ...variables('beta', 'gamma')]),

  SimpleRNN: rule([...recurrentCell, ...recurrentLayer], recurrentOnly, recurrent('SimpleRNN')),
  LSTM: rule([...recurrentCell, ...gated, 'unit_forget_bias', ...recurrentLayer], recurrentOnly, recurrent('LSTM')),
  GRU: rule([...recurrentCell, ...gated, ...recurrentLayer], { ...recurrentOnly, reset_after: ANY }, gru('KerasGRU')),
  SimpleRNNCell: rule(recurrentCell),
  LSTMCell: rule([...recurrentCell, ...gated, 'unit_forget_bias']),
  GRUCell: rule([...recurrentCell, ...gated], { reset_after: ANY }, gru('KerasGRUCell')),
  StackedRNNCells: rule(['cells'], { reverse_state_order: [false] }),
  RNN: rule(['cell', ...recurrentLayer], recurrentOnly, (kept, own, context) => {
    const stacked = (kept.cell as { class_name: string }).class_name === 'StackedRNNCells'
    if (stacked && (kept.return_state === true || context.inputs?.some((call) => call.length > 1))) {
      throw new Refusal('it takes or gives the states of stacked cells, which are in another order here')
    }
    return recurrent('RNN')?.(kept, own, context) ?? kept
  }),
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
  Bidirectional: rule(['layer', 'merge_mode'], { backward_layer: ANY }, (kept, own, { masked, inputs = [] }) => {
    const { layer, backward_layer: backward } = own
    if (backward && computedFrom(backward) !== computedFrom(layer)) {
      throw new Refusal('its backward_layer is another one than its layer, which is not supported')
    }
    const inner = ofOneCell(kept.layer as { class_name: string; config: Config })
    if (!masked) return { ...kept, layer: inner }
    if (inputs.some((call) => call.length > 1)) {
      throw new Refusal('it starts from given states while steps are masked, which is not supported')
    }
    const { return_sequences: sequences } = (layer as { config: Config }).config
    // Keras 2 writes zeros there without saying so in the file.
    if (sequences !== true) return { ...kept, layer: inner }
    return adapted(
      'KerasMaskedBidirectional',
      { ...kept, layer: inner, zero_output_for_mask: true },
      'it writes zeros at masked steps',
    )
  }),
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

/** tfjs cannot copy a layer that is given its cell, which Bidirectional does; one cell is what the layer of its name has. */
const ofOneCell = (layer: { class_name: string; config: Config }): { class_name: string; config: Config } => {
  if (layer.class_name !== 'RNN') return layer
  const { cell, ...options } = layer.config
  const { class_name: className, config } = cell as { class_name: string; config: Config }
  if (!/^(SimpleRNN|LSTM|GRU|KerasGRU)Cell$/.test(className)) {
    throw new Refusal(`its layer is an RNN of ${className}, which is not supported`)
  }
  return { class_name: className.replace(/Cell$/, ''), config: { ...config, ...options } }
}

/** What decides about a recurrent layer's answers, in words that can be compared. */
const computedFrom = (layer: unknown): string => {
  const { class_name: className, config } = layer as { class_name: string; config: Config }
  const meant = Object.entries(config).filter(([option]) => !unmeant.test(option))
  return JSON.stringify([className, Object.fromEntries(meant.sort(([a], [b]) => (a < b ? -1 : 1)))])
}

const unmeant = /^(name|go_backwards|seed|trainable|dtype|batch_input_shape)$|_(initializer|regularizer|constraint)$/

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
