/** What would be computed differently from Keras is refused by name; what stands right beside it is not. */
import { describe, expect, it } from 'vitest'
import { layerFrom } from '../../../../layers/core/formats/keras/config.ts'
import { convertModel } from '../../../../layers/core/formats/keras/model.ts'
import { ReportBuilder } from '../../../../layers/core/formats/keras/report.ts'

const input = { class_name: 'InputLayer', config: { name: 'in', batch_shape: [null, 4, 3], dtype: 'float32' } }
const masking = { class_name: 'Masking', config: { name: 'masking', trainable: true, mask_value: 0 } }
const dense = (activation: unknown) => ({
  class_name: 'Dense',
  config: { name: 'dense', trainable: true, units: 2, activation },
})
const wrapped = (inner: string) => ({
  class_name: 'TimeDistributed',
  config: {
    name: 'each',
    trainable: true,
    layer: { class_name: inner, config: { name: 'inner', trainable: true, units: 2 } },
  },
})
const cell = (name: string) => ({ class_name: 'LSTMCell', config: { name, trainable: true, units: 2 } })
const stacked = (states: boolean) => ({
  class_name: 'RNN',
  config: {
    name: 'rnn',
    trainable: true,
    return_state: states,
    cell: { class_name: 'StackedRNNCells', config: { name: 'cells', trainable: true, cells: [cell('a'), cell('b')] } },
  },
})
const layer = (className: string, config: object = {}) => ({
  class_name: className,
  config: { name: 'act', ...config },
})

const convert = (...layers: unknown[]): void => {
  const report = new ReportBuilder()
  const model = layerFrom({ class_name: 'Sequential', config: { name: 'model', layers: [input, ...layers] } }, 'model')
  convertModel(model, { keras: 3, report, convertModel })
  report.finish('a test')
}

const operation = (className: string, args: unknown[], options: object = {}): void => {
  const tensor = { class_name: '__keras_tensor__', config: { keras_history: ['in', 0, 0] } }
  const report = new ReportBuilder()
  const layers = [
    { ...input, name: 'in', inbound_nodes: [] },
    {
      class_name: className,
      module: 'keras.src.ops.numpy',
      name: 'op',
      config: { name: 'op', ...options },
      inbound_nodes: [{ args: [tensor, ...args], kwargs: {} }],
    },
  ]
  const config = { name: 'model', layers, input_layers: ['in', 0, 0], output_layers: ['op', 0, 0] }
  convertModel(layerFrom({ class_name: 'Functional', config }, 'model'), { keras: 3, report, convertModel })
  report.finish('a test')
}

const part = (step: number) => ({ class_name: '__slice__', config: { start: null, stop: null, step } })

describe('a Keras layer', () => {
  it('that leaves masked steps out inside of TimeDistributed is refused', () => {
    expect(() => convert(masking, wrapped('LSTM'))).toThrow('its LSTM would leave masked steps out')
    expect(() => convert(masking, wrapped('Dense'))).not.toThrow()
  })

  it('that gives the states of stacked cells is refused', () => {
    expect(() => convert(stacked(true))).toThrow('it takes or gives the states of stacked cells')
    expect(() => convert(stacked(false))).not.toThrow()
  })

  it('whose activation is a layer with weights is refused', () => {
    expect(() => convert(dense(layer('PReLU')))).toThrow('its activation is a custom object (PReLU)')
    expect(() => convert(dense(layer('LeakyReLU', { negative_slope: 0.1 })))).not.toThrow()
  })
})

describe('an operation on tensors', () => {
  it.each([
    [
      'Pad',
      [],
      {
        pad_width: [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
        mode: 'reflect',
      },
      { mode: 'constant' },
    ],
    ['Flip', [], { axis: null }, { axis: 1 }],
    ['Cast', [], { dtype: 'uint8' }, { dtype: 'int32' }],
    ['Einsum', [], { subscripts: '...ij->...j' }, { subscripts: 'bij->bj' }],
    ['Norm', [], { ord: 'nuc', axis: [1, 2] }, { ord: 1, axis: 1 }],
  ] as const)('%s is refused where an option cannot be computed', (name, args, options, allowed) => {
    expect(() => operation(name, [...args], options)).toThrow(`operation ${name} is called with`)
    expect(() => operation(name, [...args], { ...options, ...allowed })).not.toThrow()
  })

  it('that takes a part backwards is refused', () => {
    expect(() => operation('GetItem', [[part(1), part(-1)]])).toThrow('operation GetItem is called with the key')
    expect(() => operation('GetItem', [[part(1), part(2)]])).not.toThrow()
  })
})
