import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CheckpointStore, fileCheckpoints, type TrainResult, train } from '@maas/core/train'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeRun, input } from './support.ts'

let directory: string
let checkpoints: CheckpointStore
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loop-'))
  checkpoints = fileCheckpoints(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Without what differs between two runs of the same thing: the clock. */
const timeless = ({ history }: TrainResult) => history.epochs.map(({ seconds: _, ...rest }) => rest)

describe('the training loop', () => {
  it('shows every example once an epoch, in another order each time, the last batch smaller', async () => {
    const { deps, seen } = fakeRun()
    await train(input(), deps)
    const epochs = [0, 1, 2].map((epoch) => seen.slice(epoch * 3, epoch * 3 + 3))
    for (const batches of epochs) {
      expect(batches.map(({ length }) => length)).toEqual([4, 4, 2])
      expect(batches.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }
    expect(epochs[0]?.flat()).not.toEqual(epochs[1]?.flat())
  })

  it('repeats itself with the same seed and differs with another', async () => {
    const orders = await Promise.all(
      [7, 7, 8].map(async (seed) => {
        const { deps, seen } = fakeRun()
        await train(input({ seed }), deps)
        return seen
      }),
    )
    expect(orders[0]).toEqual(orders[1])
    expect(orders[0]).not.toEqual(orders[2])
  })

  it('reports epochs with training and validation metrics, weighted by batch size', async () => {
    const { deps, events } = fakeRun({ loss: (step) => step % 3 })
    const { history } = await train(input({ epochs: 1 }), deps)
    expect(history.epochs[0]).toMatchObject({
      loss: (0 * 4 + 1 * 4 + 2 * 2) / 10,
      accuracy: 0.5,
      val_loss: 1,
      learning_rate: 0.01,
    })
    expect(events.filter(({ event }) => event === 'epoch')).toMatchObject([{ epoch: 1, epochs: 1, best: true }])
    expect(events.filter(({ event }) => event === 'step').at(-1)).toMatchObject({ step: 3, steps: 3 })
  })

  it('leaves the weights of the best epoch in the model', async () => {
    const accuracies = [0.5, 0.7, 0.6]
    const best = fakeRun({ validation: (epoch) => ({ loss: 1, accuracy: accuracies[epoch] ?? 0 }) })
    const result = await train(input(), best.deps)
    const twoEpochs = fakeRun()
    await train(input({ epochs: 2 }), twoEpochs.deps)
    expect(result.history.bestEpoch).toBe(2)
    expect(result.metrics).toMatchObject({ val_accuracy: 0.7 })
    expect(best.model.weight).toBe(Math.fround(twoEpochs.engineState.weight))
    expect(best.engineState.weight).toBe(best.model.weight)
  })

  it('gives a tie in accuracy to the lower loss', async () => {
    const { deps } = fakeRun({ validation: (epoch) => ({ loss: [3, 1, 2][epoch] ?? 9, accuracy: 0.5 }) })
    expect((await train(input(), deps)).history.bestEpoch).toBe(2)
  })

  it('stops early after so many epochs without a better one', async () => {
    const { deps, events } = fakeRun({ validation: (epoch) => ({ loss: epoch, accuracy: epoch === 1 ? 0.9 : 0.1 }) })
    const result = await train(input({ epochs: 20, patience: 3 }), deps)
    expect(result).toMatchObject({ reason: 'early_stopped', history: { bestEpoch: 2 } })
    expect(result.history.epochs).toHaveLength(5)
    expect(events.findLast(({ event }) => event === 'notice')).toMatchObject({
      message:
        'Stopped early after epoch 5: 3 epochs in a row brought nothing better; the weights of epoch 2 are kept, the best by validation accuracy (0.900).',
    })
  })

  it('stops when the gradient is smaller than asked for', async () => {
    const { deps } = fakeRun({ gradientNorm: 0.01 })
    const result = await train(input({ minGradientNorm: 0.02 }), deps)
    expect(result.reason).toBe('small_gradient')
    expect(result.history.epochs).toHaveLength(1)
    expect((await train(input({ minGradientNorm: 0.005 }), fakeRun({ gradientNorm: 0.01 }).deps)).reason).toBe(
      'completed',
    )
  })

  it('closes the epoch under way when the time is up, and still has a best epoch', async () => {
    const { deps } = fakeRun()
    const result = await train(input({ maxSeconds: 0.045 }), deps)
    expect(result).toMatchObject({ reason: 'time_limit', history: { bestEpoch: 2 } })
    expect(result.history.epochs).toHaveLength(2)
  })

  it('keeps the last epoch when there is no validation data', async () => {
    const { deps } = fakeRun({ validation: () => ({}) })
    const result = await train(input({ monitor: 'none', patience: 1 }), deps)
    expect(result).toMatchObject({ reason: 'completed', history: { bestEpoch: 3 } })
    expect(result.history.notices.at(-1)?.message).toContain('no validation data')
  })

  it('explains a loss that is not a number by the learning rate', async () => {
    const { deps } = fakeRun({ loss: (step) => (step === 4 ? Number.NaN : 2.5) })
    await expect(train(input({ learningRate: 5 }), deps)).rejects.toThrow(
      /not a number in epoch 2, step 2, after a loss of 2\.50.*learning rate of 5 is too high.*learning_rate=0\.5/,
    )
  })

  it('explains it by the data when the data holds NaN, and names the example', async () => {
    const data = { ...input().data, sources: Array.from({ length: 10 }, (_, i) => `row ${i}`) }
    ;(data.features as Float32Array)[6] = Number.NaN
    const { deps } = fakeRun({ loss: () => Number.NaN })
    await expect(train(input({ data, batchSize: 10 }), deps)).rejects.toThrow(
      /training data itself holds NaN .*\(row 6\)/,
    )
  })

  it('refuses a validation loss that is not a number', async () => {
    const { deps } = fakeRun({ validation: () => ({ loss: Number.NaN, accuracy: 0 }) })
    await expect(train(input(), deps)).rejects.toThrow(/validation loss is not a number after epoch 1/)
  })

  it('names overfitting once while it trains and once more with the final figures', async () => {
    const { deps, events } = fakeRun({
      loss: (step) => 2 / (step + 1),
      validation: (epoch) => ({ loss: [1.2, 1.02, 1.1, 1.2, 1.3][epoch] ?? 9, accuracy: 0.5 }),
    })
    const { history } = await train(input({ epochs: 5 }), deps)
    const said = events.filter((event) => event.event === 'notice' && event.code === 'overfitting')
    expect(said).toMatchObject([
      {
        level: 'warning',
        message: expect.stringContaining(
          'Overfitting since epoch 3: validation loss has risen from 1.02 (epoch 2) to 1.20 (epoch 4)',
        ),
      },
      { message: expect.stringContaining('to 1.30 (epoch 5)') },
    ])
    expect(history.notices.filter(({ code }) => code === 'overfitting')).toHaveLength(1)
  })
})

describe('stopping and resuming', () => {
  /** Stops after each of the given steps, resumes with a new engine each time, and returns the last part's end. */
  const inParts = async (stops: readonly number[], changes = {}) => {
    for (const stop of stops) {
      const controller = new AbortController()
      const run = fakeRun({ afterStep: (step) => step === stop && controller.abort() })
      const result = await train(input(changes), { ...run.deps, checkpoints, signal: controller.signal })
      expect(result.reason).toBe('stopped')
    }
    const last = fakeRun()
    return { ...last, result: await train(input(changes), { ...last.deps, checkpoints }) }
  }
  const whole = async (changes = {}) => {
    const run = fakeRun()
    return { ...run, result: await train(input(changes), run.deps) }
  }

  it.each([[[2]], [[3]], [[1, 2, 5, 8]], [[6]]])(
    'ends as an uninterrupted run does when stopped after steps %j',
    async (stops) => {
      const [expected, resumed] = [await whole({ schedule: 'cosine' }), await inParts(stops, { schedule: 'cosine' })]
      expect(resumed.engineState.step).toBe(expected.engineState.step)
      expect(resumed.engineState.weight).toBeCloseTo(expected.engineState.weight, 5)
      const rows = timeless(expected.result)
      expect(timeless(resumed.result).map(({ loss }) => loss)).toEqual(rows.map(({ loss }) => loss))
      expect(resumed.result.history.epochs).toHaveLength(3)
    },
  )

  it('would notice when the optimiser started afresh', async () => {
    const expected = await whole()
    const controller = new AbortController()
    const run = fakeRun({ afterStep: (step) => step === 4 && controller.abort() })
    await train(input(), { ...run.deps, checkpoints, signal: controller.signal })
    const forgetful = fakeRun()
    const engine = { ...forgetful.deps.engine, restoreOptimizer: () => undefined }
    await train(input(), { ...forgetful.deps, engine, checkpoints })
    expect(forgetful.engineState.weight).not.toBeCloseTo(expected.engineState.weight, 5)
  })

  it('goes straight to the end when the stopped run had done all epochs', async () => {
    const first = fakeRun()
    await train(input(), { ...first.deps, checkpoints })
    const again = fakeRun()
    const result = await train(input(), { ...again.deps, checkpoints })
    expect(again.seen).toEqual([])
    expect(result).toMatchObject({ reason: 'completed', history: { bestEpoch: 3 } })
    expect(again.model.weight).toBe(first.model.weight)
  })

  it('says that it resumed, and where', async () => {
    const { events } = await inParts([4])
    expect(events[0]).toMatchObject({
      code: 'resumed',
      message: 'Resumed at epoch 2, after step 1, from a checkpoint.',
    })
  })

  it('refuses the checkpoint of another run', async () => {
    const first = fakeRun()
    await train(input(), { ...first.deps, checkpoints })
    await expect(train(input({ identity: 'other' }), { ...fakeRun().deps, checkpoints })).rejects.toThrow(
      /belongs to another run/,
    )
  })

  it('writes a checkpoint after every epoch', async () => {
    const { deps, events } = fakeRun()
    await train(input(), { ...deps, checkpoints })
    expect(events.filter(({ event }) => event === 'checkpoint')).toHaveLength(3)
  })

  it('serves timers and signals while it trains', async () => {
    const controller = new AbortController()
    const run = fakeRun()
    setTimeout(() => controller.abort(), 1)
    const result = await train(input({ epochs: 100_000 }), { ...run.deps, checkpoints, signal: controller.signal })
    expect(result.reason).toBe('stopped')
  })
})
