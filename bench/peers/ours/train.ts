/** Ours: one epoch of core/train's loop on one net, as `maas train` runs it. */
import { readFileSync } from 'node:fs'
import { createEngine, type EpochInput, trainEpoch } from '@maas/core/train'
import { serve } from '../node/protocol.mjs'
import { benchKernels, readModel, versionsOf } from './model.ts'

const [, , directory = '', net] = process.argv
const kernels = await benchKernels()
const model = await readModel(directory, kernels, net)
const rowShape = model.inputs[0]?.shape.slice(1) as number[]
const features = Uint8Array.from(readFileSync(`${directory}/train.u8`))
const targets = new Int32Array(Uint8Array.from(readFileSync(`${directory}/train.i32`)).buffer)
const engine = createEngine(
  {
    model,
    loss: 'sparse_categorical_crossentropy',
    optimizer: { name: 'adam', momentum: 0 },
    inputScale: 1 / 255,
    seed: 1,
  },
  kernels,
  32,
  () => undefined,
)

async function train({ steps, batch }: { readonly steps: number; readonly batch: number }) {
  const examples = steps * batch
  const data = { examples, rowShape, features, targets }
  const input: EpochInput = {
    data,
    task: 'classification',
    epochs: 1,
    batchSize: batch,
    learningRate: 0.001,
    unit: 1,
    schedule: 'constant',
    seed: 1,
  }
  const progress = {
    epoch: 1,
    step: 0,
    history: { epochs: [], notices: [] },
    seconds: 0,
    totals: { examples: 0, loss: 0, correct: 0, gradientNorm: 0, seconds: 0 },
  }
  const start = performance.now()
  await trainEpoch(input, progress, {
    engine,
    onStep: () => undefined,
    now: () => performance.now(),
    interrupted: () => undefined,
  })
  engine.sync()
  return { images: progress.totals.examples, seconds: (performance.now() - start) / 1000 }
}

await serve({ ...versionsOf(kernels), steps: engine.mode }, { train })
