/** `registerLayer` as docs/keras-support.md shows it: a model of Keras with a class of its author's own, in this process. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Tensor as TfTensor } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CustomLayer, loadModel, registerLayer } from '../../../sdk/src/index.ts'
import { difference, type Expected } from '../../support/keras-fixtures.ts'
import { nativeKernels } from '../native.ts'

const fixtures = fileURLToPath(new URL('../../fixtures/keras/custom/', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-layers-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const scaled = (more: number): CustomLayer => ({
  weights: (_, [shape]) => [{ name: 'scale', shape: [shape?.at(-1) ?? null] }],
  call: ([x], { tf, options, weights }) =>
    tf.mul(tf.mul(x as TfTensor, weights.scale as TfTensor), Number(options.factor) * more),
})

/** How far the model's answers are from those of Keras. */
const distance = async (path: string): Promise<number> => {
  const { inputs, outputs }: Expected = JSON.parse(await readFile(join(fixtures, 'scaled.json'), 'utf8'))
  const [input, output] = [inputs[0], outputs[0]]
  if (!input || !output) throw new Error('the fixture has no input or output')
  const model = await loadModel(path)
  const answer = await model.predict({ data: Float32Array.from(input.data), shape: [...input.shape] })
  await model.dispose()
  return difference(answer as { shape: number[]; data: Float32Array }, output)
}

describe.each(['scaled.h5', 'scaled.keras'])('a layer of one’s own in %s', (file) => {
  const path = join(fixtures, file)

  it('answers as in Python with its weights and options, and not with another computation', async () => {
    registerLayer('mine>Scaled', scaled(1))
    expect(await distance(path)).toBeLessThanOrEqual(1e-5)
    registerLayer('mine>Scaled', scaled(1.01))
    expect(await distance(path)).toBeGreaterThan(1e-5)
  })

  it('goes out as a SavedModel, and not as Keras, whose class nobody here has', async (context) => {
    await nativeKernels(context)
    registerLayer('mine>Scaled', scaled(1))
    const model = await loadModel(path)
    const saved = join(folder, `${file}.zip`)
    await model.save(saved, { format: 'savedmodel' })
    await expect(model.save(join(folder, file))).rejects.toThrow(/is one of your own \(registerLayer\)/)
    await expect(model.save(join(folder, 'tfjs.zip'), { format: 'tfjs' })).rejects.toThrow(
      /cannot be written for TF.js/,
    )
    await model.dispose()
    expect(await distance(saved)).toBeLessThanOrEqual(1e-5)
  })
})
