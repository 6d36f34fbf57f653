import { hyperParametersSchema, presetNames } from '@maas/core/contract'
import { type DataFacts, presetFor, seedTopology, settingsFor, topologyFor } from '@maas/core/train'
import { describe, expect, it } from 'vitest'

const images: DataFacts = {
  task: 'classification',
  labels: Array.from({ length: 10 }, (_, i) => `c${i}`),
  rowShape: [32, 32, 3],
  kind: 'image',
}
const table: DataFacts = { task: 'regression', labels: [], rowShape: [12], kind: 'tabular' }
const given = (strings: Record<string, string>) => hyperParametersSchema.parse(strings)

describe('presets', () => {
  it('fit the data when none is asked for', () => {
    expect(presetFor(undefined, images)).toBe('cifar10-cnn')
    expect(presetFor(undefined, table)).toBe('mlp')
    expect(presetFor('mlp', images)).toBe('mlp')
  })

  it('give the tutorial its numbers', () => {
    expect(settingsFor({}, 'cifar10-cnn', images)).toMatchObject({
      epochs: 10,
      batchSize: 32,
      learningRate: 0.001,
      optimizer: 'adam',
      loss: 'sparse_categorical_crossentropy',
      l2: 0,
      dropout: 0,
      augment: false,
    })
  })

  it('yield to every hyperparameter that is given', () => {
    const settings = settingsFor(
      given({
        epochs: '3',
        batch_size: '8',
        learning_rate: '0.5',
        optimizer: 'sgd',
        momentum: '0.9',
        early_stopping_patience: '0',
        l2: '0',
        dropout: '0',
        augment: 'false',
        learning_rate_schedule: 'step',
        seed: '42',
        min_gradient_norm: '0.1',
        clip_norm: '2',
        weight_decay: '0.004',
        gradient_accumulation_steps: '4',
      }),
      'cifar10-cnn-regularized',
      images,
    )
    expect(settings).toMatchObject({
      epochs: 3,
      batchSize: 8,
      learningRate: 0.5,
      optimizer: 'sgd',
      momentum: 0.9,
      patience: 0,
      l2: 0,
      dropout: 0,
      augment: false,
      schedule: 'step',
      seed: 42,
      minGradientNorm: 0.1,
      clipNorm: 2,
      weightDecay: 0.004,
      accumulate: 4,
    })
  })

  it('spell every layer as Keras does, sized by the data', () => {
    const facts = { ...images, labels: ['a', 'b', 'c'], rowShape: [28, 28, 1] }
    const topology = topologyFor('cifar10-cnn', settingsFor({}, 'cifar10-cnn', facts), facts)
    const { layers } = topology.config as { layers: { class_name: string; config: Record<string, unknown> }[] }
    expect(layers.map(({ class_name, config }) => [class_name, config.name])).toEqual([
      ['Conv2D', 'conv2d'],
      ['MaxPooling2D', 'max_pooling2d'],
      ['Conv2D', 'conv2d_1'],
      ['MaxPooling2D', 'max_pooling2d_1'],
      ['Flatten', 'flatten'],
      ['Dense', 'dense'],
      ['Dense', 'dense_1'],
    ])
    expect(layers[0]?.config).toMatchObject({ batch_input_shape: [null, 28, 28, 1], filters: 32, kernel_size: [3, 3] })
    expect(layers.at(-1)?.config).toMatchObject({ units: 3, activation: 'softmax' })
  })

  it('take regularisation anywhere it is asked for', () => {
    const settings = settingsFor(given({ l2: '0.001', dropout: '0.3' }), 'cifar10-cnn', images)
    const text = JSON.stringify(topologyFor('cifar10-cnn', settings, images))
    expect(text.match(/"l2":0.001/g)).toHaveLength(4)
    expect(text.match(/"class_name":"Dropout","config":\{[^}]*"rate":0.3/g)).toHaveLength(2)
  })

  it('end a regression in one number', () => {
    const settings = settingsFor(given({ hidden_units: '8,4' }), 'mlp', table)
    const { layers } = topologyFor('mlp', settings, table).config as { layers: { config: Record<string, unknown> }[] }
    expect(layers.map(({ config }) => config.units)).toEqual([8, 4, 1])
    expect(layers.at(-1)?.config.activation).toBe('linear')
    expect(settings).toMatchObject({ loss: 'mean_squared_error', monitor: 'val_loss' })
  })

  it.each(presetNames.filter((name) => name !== 'mlp'))('%s refuses a table', (name) => {
    const facts = { ...table, task: 'classification', labels: ['a', 'b'] } as const
    expect(() => topologyFor(name, { ...settingsFor({}, undefined, facts) }, facts)).toThrow(
      /classifies images; .*use mlp/,
    )
  })

  it('refuse images too small for their pools', () => {
    const facts = { ...images, rowShape: [9, 9, 3] }
    expect(() => topologyFor('cifar10-cnn', settingsFor({}, 'cifar10-cnn', facts), facts)).toThrow(
      /at least 10x10, got 9x9/,
    )
  })
})

describe('settings that cannot be', () => {
  it.each<[string, Record<string, string>, DataFacts, RegExp]>([
    ['one class', {}, { ...images, labels: ['only'] }, /1 class; classification needs at least 2/],
    ['a cross-entropy for numbers', { loss: 'binary_crossentropy' }, table, /allowed: mean_squared_error/],
    ['squared errors for classes', { loss: 'mean_squared_error' }, images, /use a cross-entropy/],
    ['binary loss for ten classes', { loss: 'binary_crossentropy' }, images, /for 2 classes, the data has 10/],
    ['augmented tables', { augment: 'true' }, table, /only images/],
    ['momentum for adam', { momentum: '0.9' }, images, /adam keeps its own momentum/],
    ['hidden units for a convolutional net', { hidden_units: '8' }, images, /only the preset mlp/],
  ])('%s is refused with what is allowed', (_, strings, facts, message) => {
    expect(() => settingsFor(given(strings), facts.kind === 'image' ? 'cifar10-cnn' : 'mlp', facts)).toThrow(message)
  })

  it('l2 for a topology of one’s own is refused', () => {
    expect(() => settingsFor(given({ l2: '0.1' }), undefined, images)).toThrow(/says this itself/)
  })
})

describe('seeding a topology', () => {
  it('gives each random initialiser a seed of its own, and keeps the seeds that are there', () => {
    const random = { class_name: 'GlorotUniform', config: {} }
    const topology = {
      config: {
        layers: [
          { a: random, b: { class_name: 'Zeros', config: {} } },
          { a: { class_name: 'HeNormal', config: { seed: 5 } }, b: random },
        ],
      },
    }
    const seeds = (value: unknown) =>
      [...JSON.stringify(value).matchAll(/"seed":(\d+)/g)].map(([, seed]) => Number(seed))
    const [first, kept, last, ...none] = seeds(seedTopology(topology, 1))
    expect(kept).toBe(5)
    expect(first).not.toBe(last)
    expect(none).toEqual([])
    expect(seeds(seedTopology(topology, 1))).toEqual([first, kept, last])
    expect(seeds(seedTopology(topology, 2))[0]).not.toBe(first)
  })
})
