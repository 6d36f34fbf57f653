/** A model in this process on native kernels: the same numbers alone and in batches, images prepared as stored, no memory left behind. */
import type { NamedTensors, TensorData } from '@maas/core/contract'
import { createPredictor, type PredictInput } from '@maas/core/predict'
import sharp from 'sharp'
import { describe, expect, it, type TestContext } from 'vitest'
import { imagePreprocess, labels, tinyClassifier } from '../../support/models.ts'
import { nativeKernels } from '../native.ts'

const setup = async (context: TestContext) => {
  const kernels = await nativeKernels(context)
  const artifact = tinyClassifier(kernels)
  const parts = { name: 'tiny', version: 1, artifact, preprocess: imagePreprocess, labels }
  const predictor = await createPredictor(parts, kernels)
  const input = predictor.model.signature.inputs[0]?.name ?? ''
  const tensors = (rows: Float32Array, count: number): PredictInput => ({
    kind: 'tensors',
    tensors: { [input]: { dtype: 'float32', shape: [count, 8, 8, 3], data: rows } },
  })
  return { kernels, predictor, tensors }
}

const valuesOf = (outputs: NamedTensors): Float32Array => (Object.values(outputs)[0] as TensorData).data as Float32Array

/** max|a-b| / max|b|, the measure of DESIGN.md. */
const difference = (a: Float32Array, b: Float32Array): number => {
  let most = 0
  let scale = 0
  for (let i = 0; i < b.length; i++) {
    most = Math.max(most, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? 0)))
    scale = Math.max(scale, Math.abs(b[i] ?? 0))
  }
  return most / scale
}

const pixels = (count: number): Float32Array =>
  Float32Array.from({ length: count * 192 }, (_, at) => ((at * 2654435761) % 256) / 255)

describe('a predictor', () => {
  it('knows its signature, labels and size', async (context) => {
    const { predictor } = await setup(context)
    expect(predictor.model).toMatchObject({
      name: 'tiny',
      version: 1,
      labels,
      signature: { inputs: [{ dtype: 'float32', shape: [-1, 8, 8, 3] }], outputs: [{ shape: [-1, 3] }] },
    })
    expect(predictor.model.bytes).toBe(4 * (3 * 3 * 3 * 4 + 4 + 36 * 3 + 3))
    predictor.dispose()
  })

  it.for([32, 100])('gives the same numbers alone and in a batch of %d', async (count, context) => {
    const { predictor, tensors } = await setup(context)
    const all = pixels(count)
    const { outputs } = await predictor.predict(tensors(all, count))
    const together = valuesOf(outputs)
    const alone = new Float32Array(count * 3)
    for (let row = 0; row < count; row++) {
      const one = await predictor.predict(tensors(all.slice(row * 192, (row + 1) * 192), 1))
      alone.set(valuesOf(one.outputs), row * 3)
    }
    expect(difference(alone, together)).toBeLessThanOrEqual(1e-5)
    const shifted = alone.map((value, at) => (at === 4 ? value * (1 + 1e-4) : value))
    expect(difference(shifted, together)).toBeGreaterThan(1e-5)
    predictor.dispose()
  })

  it('prepares images as the stored spec says: same numbers as the same pixels given as a tensor', async (context) => {
    const { predictor, tensors } = await setup(context)
    const raw = Buffer.from(pixels(1).map((value) => value * 255))
    const png = await sharp(raw, { raw: { width: 8, height: 8, channels: 3 } })
      .png()
      .toBuffer()
    const webp = await sharp(png).webp({ lossless: true }).toBuffer()
    const expected = valuesOf(
      (
        await predictor.predict(
          tensors(
            Float32Array.from(raw, (byte) => byte / 255),
            1,
          ),
        )
      ).outputs,
    )
    const { outputs, timings } = await predictor.predict({ kind: 'images', images: [png, webp] })
    expect(difference(valuesOf(outputs).subarray(0, 3), expected)).toBeLessThanOrEqual(1e-6)
    expect(difference(valuesOf(outputs).subarray(3), expected)).toBeLessThanOrEqual(1e-6)
    expect(timings.prepare).toBeGreaterThan(0)
    predictor.dispose()
  })

  it('names the image that cannot be read', async (context) => {
    const { predictor } = await setup(context)
    const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer()
    const images = [jpeg, jpeg.subarray(0, 200)]
    await expect(predictor.predict({ kind: 'images', images })).rejects.toMatchObject({ param: 'instances[1]' })
    await expect(predictor.predict({ kind: 'images', images: [Buffer.from('GIF89a')] })).rejects.toThrow(
      'Allowed: JPEG, PNG and WebP',
    )
    await expect(predictor.predict({ kind: 'rows', rows: [{}] })).rejects.toThrow('it takes images or tensors')
    predictor.dispose()
  })

  it('leaves no tensor behind over 20,000 predictions, good and bad, and none at all when disposed of', async (context) => {
    const { kernels } = await setup(context)
    const before = kernels.native.counters().tensors
    const { predictor, tensors } = await setup(context)
    const good = tensors(pixels(1), 1)
    const batch = tensors(pixels(5), 5)
    const bad = tensors(pixels(1), 2)
    await predictor.predict(good)
    const loaded = kernels.native.counters().tensors
    const memory = kernels.tf.memory().numTensors
    let refused = 0
    for (let round = 0; round < 20_000; round++) {
      if (round % 100 === 0) await predictor.predict(bad).catch(() => refused++)
      else await predictor.predict(round % 50 === 1 ? batch : good)
    }
    expect(refused).toBe(200)
    expect(kernels.native.counters().tensors).toBe(loaded)
    expect(kernels.tf.memory().numTensors).toBe(memory)
    predictor.dispose()
    expect(kernels.native.counters().tensors).toBe(before)
  })
})
