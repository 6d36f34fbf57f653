/** Layers that tfjs-layers does not have: which of their options the adapters understand. */
import { literal } from '../adapters/literal.ts'
import type { Config } from './config.ts'
import { Refusal } from './report.ts'
import { ANY, adapted, type LayerRule, lastChannels, type RuleContext, rule, variables } from './rule.ts'

/** The adapter has Keras' own name unless another is given. */
const by = (
  className: string,
  keep: readonly string[] = [],
  only: LayerRule['only'] = {},
  change: (kept: Config, own: Config, context: RuleContext) => Config = (kept) => kept,
): LayerRule =>
  rule(keep, only, (kept, own, context) => adapted(className, change(kept, own, context), 'computed by an adapter'))

const window = ['kernel_size', 'strides', 'padding', 'dilation_rate', 'activation', 'use_bias', ...variables('bias')]
const undilated = { ...lastChannels, groups: [1], dilation_rate: [1, [1]] }
const attentionWeights = [...variables('kernel', 'bias')]

/** What belongs to the call in Keras and to the layer here: see `calls.ts`. */
const ofTheCall = (kept: Config, own: Config): Config => ({
  ...kept,
  ...(own.use_causal_mask === true && { use_causal_mask: true }),
  ...(Array.isArray(own.tensors) && { tensors: own.tensors }),
  ...(typeof own.allowed === 'number' && { allowed: own.allowed }),
})

/** Identity in prediction; training says that it does without. */
const onlyInTraining = (what: string): LayerRule => ({
  keep: [],
  only: anyOption,
  convert: ({ name, trainable, dtype }) =>
    adapted('KerasIdentity', { name, trainable, dtype, leaves_out: what }, `${what}: nothing in prediction`),
})

/** All options of random layers matter in training only. */
const anyOption: NonNullable<LayerRule['only']> = Object.fromEntries(
  [
    'l1 l2 mode seed factor fill_mode fill_value interpolation data_format rng_type height_factor width_factor upper lower',
    'value_range x_factor y_factor scale sigma kernel_size bounding_box_format num_ops brightness_factor contrast_factor',
    'saturation_factor hue_factor color_jitter',
  ]
    .join(' ')
    .split(' ')
    .map((option) => [option, ANY]),
)

const randomLayers =
  'RandomFlip RandomRotation RandomZoom RandomContrast RandomTranslation RandomBrightness RandomHue RandomSaturation RandomSharpness RandomShear RandomGrayscale RandomColorJitter RandomGaussianBlur'.split(
    ' ',
  )

const call = { use_causal_mask: [true], tensors: ANY, allowed: ANY }

/** Keras 3 then goes by another way, on which a query that may look nowhere gets nothing. */
const headsOfTheCall = (kept: Config, own: Config, { keras }: RuleContext): Config => ({
  ...ofTheCall(kept, own),
  ...(keras === 3 && Number(own.dropout) > 0 && { zero_unseen: true }),
})

const headAttention = ['num_heads', 'key_dim', 'value_dim', 'dropout', 'use_bias', 'output_shape', ...attentionWeights]
const queryShapes = { query_shape: ANY, key_shape: ANY, value_shape: ANY, softmax_robust_masking: [false] }

export const adapterRules: Readonly<Record<string, LayerRule>> = {
  Identity: by('KerasIdentity'),
  Subtract: by('Subtract'),
  ActivityRegularization: onlyInTraining('a regulariser'),
  ...Object.fromEntries(randomLayers.map((name) => [name, onlyInTraining('augmentation')])),
  SpatialDropout2D: by('SpatialDropout2D', ['rate', 'seed'], { ...lastChannels, noise_shape: [null] }),
  SpatialDropout3D: by('SpatialDropout3D', ['rate', 'seed'], { ...lastChannels, noise_shape: [null] }),

  Conv1DTranspose: by('Conv1DTranspose', ['filters', ...window, ...variables('kernel')], {
    ...undilated,
    padding: ['valid', 'same'],
  }),
  DepthwiseConv1D: by('DepthwiseConv1D', ['depth_multiplier', ...window, ...variables('depthwise')], {
    ...undilated,
    padding: ['valid', 'same'],
  }),
  SeparableConv1D: by(
    'SeparableConv1D',
    ['filters', 'depth_multiplier', ...window, ...variables('depthwise', 'pointwise')],
    {
      ...undilated,
      padding: ['valid', 'same'],
      ...Object.fromEntries(variables('kernel').map((option) => [option, ANY])),
    },
  ),

  GlobalMaxPooling3D: by('GlobalMaxPooling3D', ['keepdims'], lastChannels),
  GlobalAveragePooling3D: by('GlobalAveragePooling3D', ['keepdims'], lastChannels),
  ZeroPadding1D: by('ZeroPadding1D', ['padding'], lastChannels),
  ZeroPadding3D: by('ZeroPadding3D', ['padding'], lastChannels),
  Cropping1D: by('Cropping1D', ['cropping'], lastChannels),
  Cropping3D: by('Cropping3D', ['cropping'], lastChannels),
  UpSampling1D: by('UpSampling1D', ['size']),
  UpSampling3D: by('UpSampling3D', ['size'], lastChannels),
  Resizing: by('KerasResizing', ['height', 'width', 'interpolation', 'crop_to_aspect_ratio'], {
    ...lastChannels,
    interpolation: ['bilinear', 'nearest'],
    fill_mode: ANY,
    fill_value: ANY,
  }),
  CenterCrop: by('KerasCenterCrop', ['height', 'width'], lastChannels),

  RMSNormalization: by('RMSNormalization', ['axis', 'epsilon']),
  UnitNormalization: by('UnitNormalization', ['axis']),
  GroupNormalization: by(
    'GroupNormalization',
    ['groups', 'epsilon', 'center', 'scale', ...variables('beta', 'gamma')],
    {
      axis: [-1],
    },
  ),
  Normalization: {
    ...by('Normalization', ['axis', 'mean', 'variance', 'invert']),
    // The count of examples seen is of no use any more; given statistics are options, not variables.
    variables: (names) => names.slice(0, 2),
  },

  /** Power iterations happen in training only, and the stored kernel is the normalised one. */
  SpectralNormalization: {
    ...rule(['layer'], { power_iterations: ANY }, (kept) => {
      const { class_name: className, config } = kept.layer as { class_name: string; config: Config }
      if (className === 'Embedding') {
        throw new Refusal('it normalises an Embedding, whose values Keras then makes whole numbers, like the tokens')
      }
      return adapted(className, { ...config, name: kept.name }, 'without power iterations')
    }),
    variables: (names) => names.filter((name) => !/^\d+$|vector_u|^sn_u$/.test(name)),
  },
  EinsumDense: by(
    'EinsumDense',
    ['output_shape', 'activation', ...variables('kernel', 'bias')],
    { equation: ANY, bias_axes: ANY },
    (kept, { equation, bias_axes: axes }) => {
      if (!/^\w+,\w+->\w+$/.test(String(equation))) throw new Refusal(`its equation ${equation} has an ellipsis`)
      return { ...kept, equation: literal(String(equation)), bias_axes: axes ? literal(String(axes)) : null }
    },
  ),
  Attention: by(
    'Attention',
    ['use_scale', 'score_mode', 'dropout'],
    { seed: ANY, ...call, score_mode: ['dot', 'concat'] },
    ofTheCall,
  ),
  AdditiveAttention: by('AdditiveAttention', ['use_scale', 'dropout'], { seed: ANY, ...call }, ofTheCall),
  MultiHeadAttention: by(
    'MultiHeadAttention',
    headAttention,
    { ...queryShapes, seed: ANY, ...call, attention_axes: [null, [1], [-2]] },
    headsOfTheCall,
  ),
  ...Object.fromEntries(
    ['GroupQueryAttention', 'GroupedQueryAttention'].map((name) => [
      name,
      by(
        'GroupedQueryAttention',
        ['head_dim', 'num_query_heads', 'num_key_value_heads', 'dropout', 'use_bias', ...attentionWeights],
        { seed: ANY, ...call },
        headsOfTheCall,
      ),
    ]),
  ),

  ConvLSTM1D: by(
    'ConvLSTM1D',
    [
      'filters',
      ...window,
      'recurrent_activation',
      ...variables('kernel', 'recurrent'),
      'return_sequences',
      'go_backwards',
    ],
    {
      ...undilated,
      padding: ['valid', 'same'],
      return_state: [false],
      stateful: [false],
      unroll: [true, false],
      zero_output_for_mask: ANY,
      time_major: [false],
      dropout: [0],
      recurrent_dropout: [0],
      implementation: ANY,
      unit_forget_bias: ANY,
      seed: ANY,
    },
    (kept, _, { masked }) => {
      if (masked) throw new Refusal('it leaves masked steps out, which is not supported')
      return kept
    },
  ),
  IntegerLookup: by(
    'IntegerLookup',
    ['output_mode'],
    {
      vocabulary: ANY,
      vocabulary_size: ANY,
      vocabulary_dtype: ANY,
      max_tokens: ANY,
      num_oov_indices: [0, 1],
      oov_token: ANY,
      mask_token: ANY,
      oov_method: ANY,
      output_mode: ['int', 'one_hot', 'multi_hot', 'count'],
    },
    (kept, { vocabulary, num_oov_indices: unknown, mask_token: mask, output_mode: mode }) => {
      if (!Array.isArray(vocabulary)) throw new Refusal('the file does not hold its vocabulary; give it to the layer')
      if (vocabulary.length > 10_000)
        throw new Refusal(`its vocabulary has ${vocabulary.length} entries, at most 10,000`)
      if (unknown !== 1) throw new Refusal('it has no number for values that its vocabulary does not have')
      if (typeof mask === 'number' && mode !== 'int') throw new Refusal('a mask beside an output mode other than int')
      return { ...kept, vocabulary, unknown, mask: typeof mask === 'number' ? mask : null }
    },
  ),

  Discretization: by('Discretization', ['bin_boundaries', 'output_mode'], {
    output_mode: ['int', 'one_hot', 'multi_hot', 'count'],
    epsilon: ANY,
  }),
  CategoryEncoding: by('KerasCategoryEncoding', ['num_tokens', 'output_mode'], {
    output_mode: ['multi_hot', 'one_hot', 'count'],
  }),
}
