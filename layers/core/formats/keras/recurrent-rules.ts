/** Which options of Keras' recurrent layers are computed exactly, where steps are masked too. */
import type { Config } from './config.ts'
import { Refusal } from './report.ts'
import {
  ANY,
  adapted,
  type Converted,
  type LayerRule,
  lastChannels,
  type RuleContext,
  rule,
  variables,
  window,
} from './rule.ts'

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

/** By class name. */
export const recurrentRules: Readonly<Record<string, LayerRule>> = {
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
}

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
