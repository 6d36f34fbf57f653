/** The whole task on small data: a candidate with every file, that predicts what the trained model did, and refusals in words. */
import type { TrainingEventBody } from '@maas/core/contract'
import {
  evaluationSchema,
  historySchema,
  hyperParametersSchema,
  lineageSchema,
  preprocessSchema,
  signatureSchema,
  versionFiles,
} from '@maas/core/contract'
import type { DataPart, DataSet } from '@maas/core/data'
import { decodeLayersJson, toLayersModel } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import type { CheckpointStore } from '@maas/core/train'
import { runTraining, StoppedError, type TrainingSpec } from '@maas/train'
import { beforeAll, describe, expect, it } from 'vitest'

/** Three colours of 12x12 pictures: learned in an epoch or two. */
const colours = (examples: number, salt: number): DataPart => ({
  examples,
  rowShape: [12, 12, 3],
  features: Uint8Array.from({ length: examples * 432 }, (_, i) => {
    const example = Math.floor(i / 432)
    return i % 3 === example % 3 ? 200 + ((i * 31 + salt) % 50) : (i * 17 + salt) % 60
  }),
  targets: Int32Array.from({ length: examples }, (_, i) => i % 3),
  sources: Array.from({ length: examples }, (_, i) => `picture-${i}.png`),
})
const none: DataPart = { ...colours(0, 0), sources: [] }

const dataSet = (changes: Partial<DataSet> = {}): DataSet => ({
  task: 'classification',
  labels: ['red', 'green', 'blue'],
  train: colours(90, 1),
  validation: colours(15, 2),
  test: colours(30, 3),
  preprocess: preprocessSchema.parse({ kind: 'image', height: 12, width: 12, channels: 3 }),
  report: {
    name: 'colours',
    fingerprint: 'f'.repeat(64),
    format: 'image-folder',
    split: 'given',
    rowShape: [12, 12, 3],
    balance: { train: [30, 30, 30], validation: [5, 5, 5], test: [10, 10, 10] },
    badFiles: [{ path: 'x.png', reason: 'cut short' }],
    badFileCount: 1,
    warnings: [],
    seconds: 0,
  },
  ...changes,
})

const spec = (hyperparameters: Record<string, string>, changes: Partial<TrainingSpec> = {}): TrainingSpec => ({
  name: 'job-1',
  hyperparameters: hyperParametersSchema.parse(hyperparameters),
  data: { train: '/nowhere' },
  maxSeconds: 1000,
  ...changes,
})

const noCheckpoints: CheckpointStore = { save: async () => 'memory', load: async () => undefined }

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: () => undefined })
})

const run = async (given: TrainingSpec, data = dataSet(), signal = new AbortController().signal) => {
  const events: TrainingEventBody[] = []
  const trained = await runTraining(given, {
    kernels,
    readData: async () => data,
    checkpoints: noCheckpoints,
    report: (event) => {
      events.push(event)
    },
    now: () => performance.now(),
    signal,
    code: 'maas 0.1.0',
    date: () => new Date(0),
  })
  const json = (name: string): unknown => JSON.parse(Buffer.from(trained.candidate.files[name] ?? []).toString())
  return { ...trained, events, json }
}

describe('the training task', () => {
  it('leaves a candidate with every file of a version, in the contract’s shapes', async () => {
    const { candidate, end, events, json } = await run(spec({ epochs: '2', batch_size: '16' }))
    // What only an import has: a graph, what became of each layer, an optimiser.
    const { graph: _, conversion: __, optimizer: ___, ...trained } = versionFiles
    expect(Object.keys(candidate.files).sort()).toEqual([...Object.values(trained), 'model.h5'].sort())
    expect(signatureSchema.parse(json('signature.json')).inputs[0]).toMatchObject({
      dtype: 'float32',
      shape: [-1, 12, 12, 3],
    })
    expect(json('labels.json')).toEqual(['red', 'green', 'blue'])
    expect(json('preprocess.json')).toEqual(dataSet().preprocess)
    expect(evaluationSchema.parse(json('evaluation.json'))).toMatchObject({ split: 'test', examples: 30 })
    expect(historySchema.parse(json('history.json')).epochs).toHaveLength(2)
    expect(Buffer.from(candidate.files['report.html'] ?? []).toString()).toContain('cifar10-cnn trained on colours')
    expect(
      Buffer.from(candidate.files['model.h5'] ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('HDF')
    expect(lineageSchema.parse(candidate.lineage)).toMatchObject({
      job: 'job-1',
      dataset: { name: 'colours', examples: 135 },
      hyperparameters: { maas_preset: 'cifar10-cnn', epochs: '2', batch_size: '16', optimizer: 'adam' },
      seed: 1,
    })
    expect(candidate.metrics).toMatchObject({
      epochs: 2,
      test_accuracy: expect.any(Number),
      val_loss: expect.any(Number),
    })
    expect(end).toMatchObject({ reason: 'completed', metrics: candidate.metrics })
    expect(
      events.map(({ event }) => event).filter((event, i, all) => event !== all[i - 1] && event !== 'step'),
    ).toEqual(['data', 'notice', 'model', 'epoch', 'checkpoint', 'epoch', 'checkpoint', 'notice', 'evaluation'])
  })

  it('learns, and the stored files predict what the evaluation measured', async () => {
    const data = dataSet()
    const { candidate } = await run(spec({ epochs: '6', batch_size: '16' }), data)
    expect(candidate.metrics.test_accuracy).toBeGreaterThan(0.95)
    const { 'model.json': topology = new Uint8Array(), 'weights.bin': weights = new Uint8Array() } = candidate.files
    const model = await toLayersModel(decodeLayersJson(topology, weights), kernels)
    const { tf } = kernels
    const guesses = tf.tidy(() => {
      const rows = tf.div(tf.tensor(Float32Array.from(data.test.features), [30, 12, 12, 3]), 255)
      return [...tf.argMax(model.predict(rows) as ReturnType<typeof tf.tensor>, -1).dataSync()]
    })
    const right = guesses.filter((guess, i) => guess === data.test.targets[i]).length
    expect(right / 30).toBeCloseTo(candidate.metrics.test_accuracy ?? 0, 6)
    model.dispose()
  })

  it('gives the same weights for the same seed', async () => {
    const [first, again, other] = [
      await run(spec({ epochs: '1', seed: '5' })),
      await run(spec({ epochs: '1', seed: '5' })),
      await run(spec({ epochs: '1', seed: '6' })),
    ].map(({ candidate }) => Buffer.from(candidate.files['weights.bin'] ?? []))
    expect(first?.equals(again ?? Buffer.of())).toBe(true)
    expect(first?.equals(other ?? Buffer.of())).toBe(false)
  })

  it('trains the regularised preset, with everything that it switches on', async () => {
    const { candidate, events } = await run(spec({ epochs: '2', maas_preset: 'cifar10-cnn-regularized' }))
    expect(candidate.lineage.hyperparameters).toMatchObject({
      augment: 'true',
      learning_rate_schedule: 'cosine',
      l2: '0.0001',
      dropout: '0.25',
    })
    expect(events.filter(({ event }) => event === 'epoch')).toHaveLength(2)
  })

  it('trains a topology of one’s own', async () => {
    const topology = {
      class_name: 'Sequential',
      config: {
        name: 'own',
        layers: [
          { class_name: 'Flatten', config: { batch_input_shape: [null, 12, 12, 3] } },
          { class_name: 'Dense', config: { units: 3, activation: 'softmax' } },
        ],
      },
    }
    const { candidate } = await run(spec({ epochs: '1', optimizer: 'sgd', momentum: '0.9' }, { topology }))
    expect(candidate.lineage.hyperparameters).toMatchObject({ optimizer: 'sgd', momentum: '0.9' })
    expect(candidate.lineage.hyperparameters).not.toHaveProperty('maas_preset')
  })

  it('keeps in the history and the report why a model runs operation by operation', async () => {
    const topology = (constraint: unknown) => ({
      class_name: 'Sequential',
      config: {
        name: 'own',
        layers: [
          { class_name: 'Flatten', config: { batch_input_shape: [null, 12, 12, 3] } },
          { class_name: 'Dense', config: { units: 3, activation: 'softmax', kernel_constraint: constraint } },
        ],
      },
    })
    const nonNegative = { class_name: 'NonNeg', config: {} }
    const { candidate, json } = await run(spec({ epochs: '1' }, { topology: topology(nonNegative) }))
    const why = expect.objectContaining({
      code: 'eager_engine',
      message: expect.stringMatching(/operation by operation.*kernel has a constraint/),
    })
    expect(historySchema.parse(json('history.json')).notices).toContainEqual(why)
    expect(Buffer.from(candidate.files['report.html'] ?? []).toString()).toMatch(/class="notice info">[^<]*constraint/)
    const compiled = await run(spec({ epochs: '1' }, { topology: topology(null) }))
    expect(JSON.stringify(compiled.json('history.json'))).not.toContain('eager_engine')
  })

  it('refuses a topology that does not fit the data, naming both', async () => {
    const dense = (units: number, shape: number[]) => ({
      class_name: 'Sequential',
      config: {
        name: 'own',
        layers: [
          { class_name: 'Flatten', config: { batch_input_shape: [null, ...shape] } },
          { class_name: 'Dense', config: { units, activation: 'softmax' } },
        ],
      },
    })
    await expect(run(spec({}, { topology: dense(3, [8, 8, 3]) }))).rejects.toThrow(
      /takes rows of shape \[8,8,3\], the data has \[12,12,3\]/,
    )
    await expect(run(spec({}, { topology: dense(7, [12, 12, 3]) }))).rejects.toThrow(
      /ends in 7 outputs, the data has 3 classes/,
    )
  })

  it('measures on validation data where there is no test data, and says that it flatters', async () => {
    const { candidate, events } = await run(spec({ epochs: '1' }), dataSet({ test: none }))
    expect(candidate.metrics).toHaveProperty('validation_accuracy')
    expect(candidate.metrics).not.toHaveProperty('test_accuracy')
    expect(events).toContainEqual(expect.objectContaining({ code: 'no_test', level: 'warning' }))
  })

  it('refuses data that leaves nothing to measure on', async () => {
    await expect(run(spec({ epochs: '1' }), dataSet({ test: none, validation: none }))).rejects.toThrow(
      /neither test nor validation data .*set test_split/,
    )
  })

  const numbers = (examples: number): DataPart => ({
    examples,
    rowShape: [3],
    features: Float32Array.from({ length: examples * 3 }, (_, i) => Math.sin(i)),
    targets: Float32Array.from({ length: examples }, (_, i) => Math.cos(i)),
  })
  const table = dataSet({
    task: 'regression',
    labels: [],
    train: numbers(90),
    validation: numbers(15),
    test: numbers(30),
    preprocess: {
      kind: 'tabular',
      columns: ['a', 'b', 'c'].map((name) => ({ name, type: 'number', mean: 0, std: 1 })),
      target: { name: 'y', mean: 100, std: 10 },
    },
  })

  it('measures a regression in the target’s own unit', async () => {
    const { candidate, json } = await run(spec({ epochs: '2' }), table)
    const evaluation = evaluationSchema.parse(json('evaluation.json'))
    if (evaluation.task !== 'regression') throw new Error(evaluation.task)
    expect(evaluation.mse).toBeCloseTo(evaluation.loss * 100, 3)
    expect(evaluation.worst[0]?.expected).toBeGreaterThan(89)
    expect(candidate.metrics.val_mae).toBeGreaterThan(1)
  })

  it('explains a learning rate that is too high', async () => {
    const failing = run(spec({ epochs: '5', learning_rate: '100', optimizer: 'sgd' }), table)
    await expect(failing).rejects.toThrow(/not a number.*learning rate of 100 is too high.*learning_rate=10/)
  })

  it('ends as stopped, with no candidate, when the signal came', async () => {
    const controller = new AbortController()
    controller.abort()
    const stopped = await run(spec({ epochs: '2' }), dataSet(), controller.signal).catch((error: unknown) => error)
    expect(stopped).toBeInstanceOf(StoppedError)
    expect((stopped as StoppedError).end).toMatchObject({ event: 'end', reason: 'stopped' })
  })

  it('leaves no tensor behind', async () => {
    await run(spec({ epochs: '1' }))
    const before = kernels.tf.memory().numTensors
    await run(spec({ epochs: '1' }))
    await expect(run(spec({ epochs: '9', learning_rate: '100', optimizer: 'sgd' }), table)).rejects.toThrow()
    expect(kernels.tf.memory().numTensors).toBe(before)
  })
})
