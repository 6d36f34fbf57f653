/** Opt-in, where Python Keras is installed: training goes on from a Keras file here as it does in Keras, same batches, loss by loss. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readModelFile, toLayersModel } from '@maas/core/formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OptimizerConfig, StepConfig } from '../../../layers/core/graph/index.ts'
import { configuredTraining, createEngine } from '../../../layers/core/train/index.ts'
import { tutorial } from '../../support/keras-fixtures.ts'
import { findPython, runPython } from '../../support/python.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

const python = findPython('keras', 'training on beside Keras')
const steps = 20
const batchSize = 32

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fine-tuning-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the file says about training, as `maas train --from` takes it. */
const settingsOf = (config: Readonly<Record<string, unknown>> | undefined) => {
  const { loss, optimizer, learning_rate: rate, ...rates } = configuredTraining(config ?? {})
  const { momentum = 0, weight_decay: weightDecay, clip_norm: clipNorm } = rates
  return {
    loss: loss as StepConfig['loss'],
    rate: Number(rate),
    optimizer: {
      name: optimizer as OptimizerConfig['name'],
      momentum: Number(momentum),
      ...(weightDecay !== undefined && { weightDecay: Number(weightDecay) }),
      ...(clipNorm !== undefined && { clipNorm: Number(clipNorm) }),
    },
  }
}

/** Losses of the first steps from a file, at the rate that it says times `faster`. */
const train = async (file: string, kernels: NativeKernels, faster = 1) => {
  const name = file.replace(/\.\w+$/, '')
  const bytes = async (path: string) => new Uint8Array(await readFile(join(folder, path))).buffer
  const { kind, shape } = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))
  const [x, targets] = [await bytes(`${name}.x.bin`), new Int32Array(await bytes(`${name}.y.bin`))]
  const features = kind === 'floats' ? new Float32Array(x) : new Uint8Array(x)
  const artifact = await readModelFile(join(folder, file))
  const { rate, ...settings } = settingsOf(artifact.trainingConfig)
  const model = await toLayersModel(artifact, kernels)
  const notices: unknown[] = []
  const config = { model, ...settings, inputScale: kind === 'bytes' ? 1 / 255 : 1, seed: 1 }
  const engine = createEngine(config, kernels, batchSize, (notice) => notices.push(notice))
  const size = features.length / targets.length
  const losses = Array.from({ length: steps }, (_, step) => {
    const [from, to] = [step * batchSize, (step + 1) * batchSize]
    const batch = { features: features.slice(from * size, to * size), targets: targets.slice(from, to) }
    return engine.step({ ...batch, rows: batchSize, rowShape: shape }, rate * faster).loss
  })
  engine.dispose()
  return { losses, mode: engine.mode, notices }
}

const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((loss, step) => Math.abs(loss - (b[step] ?? Number.NaN))))

/** Takes minutes, so it is for `MAAS_TEST_EVERY=1`. */
describe.runIf(python && process.env.MAAS_TEST_EVERY === '1')('training on from a Keras file', () => {
  it('has Keras’ loss in each of the first 20 steps, to 1e-4', { timeout: 600_000 }, async (context) => {
    const kernels = await nativeKernels(context)
    const { file } = await tutorial()
    await writeFile(join(folder, 'tutorial.h5'), file('h5'))
    const program = fileURLToPath(new URL('fixtures/fine-tuning.py', import.meta.url))
    const env = { TF_ENABLE_ONEDNN_OPTS: '0' }
    const keras = await runPython<Record<string, number[]>>(python ?? '', [program, folder, String(steps)], { env })
    const distances: Record<string, number> = {}
    for (const [name, expected] of Object.entries(keras)) {
      const { losses, mode, notices } = await train(name, kernels)
      expect([mode, notices], name).toEqual(['graph', []])
      expect(losses[0], name).not.toBeCloseTo(losses.at(-1) ?? 0, 3)
      distances[name] = apart(losses, expected)
    }
    console.log('largest difference of losses', distances)
    expect(Object.entries(distances).filter(([, distance]) => !(distance <= 1e-4))).toEqual([])
    expect(Object.keys(distances)).toHaveLength(25)
    for (const name of ['tutorial.h5', 'momentum.keras']) {
      const other = await train(name, kernels, 1.05)
      expect(apart(other.losses, keras[name] ?? []), name).toBeGreaterThan(1e-4)
    }
  })
})
