/** The training configuration of a Keras file: what optimiser it means, however it is spelt. */
import { describe, expect, it } from 'vitest'
import { ReportBuilder } from '../../../../layers/core/formats/keras/report.ts'
import { trainingConfigOf } from '../../../../layers/core/formats/keras/training.ts'

const read = (optimizer: unknown) => {
  const report = new ReportBuilder()
  const config = trainingConfigOf({ loss: 'mse', metrics: [], optimizer }, report)
  return { optimizer: config?.optimizer_config, notes: report.finish('a test').notes }
}

describe('the optimiser of a Keras file', () => {
  it.each([
    ['adam', { class_name: 'Adam', config: { learning_rate: 0.001, epsilon: 1e-7 } }],
    ['sgd', { class_name: 'SGD', config: { learning_rate: 0.01 } }],
    ['rmsprop', { class_name: 'RMSProp', config: { learning_rate: 0.001, decay: 0.9 } }],
  ])('named %s alone has the defaults of Keras', (name, expected) => {
    expect(read(name).optimizer).toMatchObject(expected)
  })

  it('named by its class keeps its own settings', () => {
    const { optimizer } = read({ class_name: 'Adam', config: { learning_rate: 0.5 } })
    expect(optimizer).toMatchObject({ class_name: 'Adam', config: { learning_rate: 0.5 } })
  })

  it.each([
    ['Adam', { weight_decay: 0.01, global_clipnorm: 1 }, { weight_decay: 0.01, global_clipnorm: 1 }],
    ['AdamW', {}, { weight_decay: 0.004 }],
    ['SGD', { momentum: 0.9, global_clipnorm: 2, weight_decay: null }, { momentum: 0.9, global_clipnorm: 2 }],
  ])('keeps the weight decay and the clipping of %s', (class_name, config, expected) => {
    expect(read({ class_name, config }).optimizer).toMatchObject({ config: expected })
  })

  it.each(['clipnorm', 'clipvalue', 'amsgrad', 'use_ema', 'gradient_accumulation_steps'])(
    'is left out when it has %s, which training here has not',
    (option) => {
      const { optimizer, notes } = read({ class_name: 'Adam', config: { [option]: 2 } })
      expect(optimizer).toBeUndefined()
      expect(notes).toEqual([expect.stringContaining(`${option} is not supported`)])
    },
  )

  it('may be missing, as in .keras by Keras 3.15; the loss is kept', () => {
    const report = new ReportBuilder()
    expect(trainingConfigOf({ loss: 'mse', metrics: null }, report)).toEqual({
      loss: 'mean_squared_error',
      metrics: [],
    })
    expect(report.finish('a test').notes).toEqual([expect.stringContaining('does not say which optimiser')])
  })

  it('is left out when it is unknown', () => {
    const { optimizer, notes } = read('lion')
    expect(optimizer).toBeUndefined()
    expect(notes).toEqual([expect.stringContaining('optimizer lion is not known; known: Adam, AdamW, SGD, RMSprop')])
  })
})
