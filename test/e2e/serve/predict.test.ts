/** Predictions over HTTP as curl and TensorFlow Serving clients ask for them. */
import { createPredictor, type Predictor } from '@maas/core/predict'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imagePreprocess, labels } from '../../support/models.ts'
import { ask, makeRegistry, post, postImage, rowsOf, runService } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let reference: Predictor
let url: string

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
  url = `${service.url}/v1/models/tiny`
  const artifact = registry.artifacts[0]
  if (artifact === undefined) throw new Error('no artifact')
  const parts = { name: 'tiny', version: 1, artifact, preprocess: imagePreprocess, labels }
  reference = await createPredictor(parts, registry.kernels)
})
afterAll(async () => {
  await service?.close()
  reference?.dispose()
  await registry?.remove()
})

/** max|a-b| / max|b|, the measure of DESIGN.md. */
const difference = (a: number[][], b: number[][]): number => {
  const scale = Math.max(...b.flat().map(Math.abs))
  expect(a.length).toBe(b.length)
  return Math.max(...a.flat().map((value, at) => Math.abs(value - (b.flat()[at] ?? Number.NaN)))) / scale
}

const predictions = async (path: string, rows: number[][][][]): Promise<number[][]> => {
  const reply = await post(`${url}${path}:predict`, { instances: rows })
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return (reply.body as { predictions: number[][] }).predictions
}

describe('tensors', () => {
  it('give the numbers of the same model in process', async () => {
    const rows = rowsOf(3)
    const input = reference.model.signature.inputs[0]?.name ?? ''
    const tensor = { dtype: 'float32' as const, shape: [3, 8, 8, 3], data: Float32Array.from(rows.flat(3)) }
    const { outputs } = await reference.predict({ kind: 'tensors', tensors: { [input]: tensor } })
    const own = Array.from((Object.values(outputs)[0]?.data ?? []) as Float32Array)
    const served = await predictions('/versions/1', rows)
    expect(
      difference(
        served,
        [0, 1, 2].map((row) => own.slice(row * 3, row * 3 + 3)),
      ),
    ).toBeLessThanOrEqual(1e-6)
    expect(difference(await predictions('/versions/2', rows), served)).toBeGreaterThan(1e-2)
  })

  it.each([32, 100])('give the same numbers alone and in a batch of %d', async (count) => {
    const rows = rowsOf(count)
    const together = await predictions('/versions/1', rows)
    const alone: number[][] = []
    for (const row of rows) alone.push(...(await predictions('/versions/1', [row])))
    expect(difference(alone, together)).toBeLessThanOrEqual(1e-5)
  })

  it('come back in the form they were sent in', async () => {
    const rows = rowsOf(2)
    const input = reference.model.signature.inputs[0]?.name ?? ''
    const byRow = await predictions('/versions/1', rows)
    const columns = await post(`${url}/versions/1:predict`, {
      signature_name: 'serving_default',
      inputs: { [input]: rows },
    })
    expect(columns.body).toEqual({ outputs: byRow })
    const named = await post(`${url}/versions/1:predict`, { instances: rows.map((row) => ({ [input]: row })) })
    expect(named.body).toEqual({ predictions: byRow })
  })
})

describe('images', () => {
  const picture = () => sharp({ create: { width: 20, height: 12, channels: 3, background: { r: 200, g: 40, b: 90 } } })

  it('are classified from the raw body in all three formats, best label first', async () => {
    const formats = {
      'image/jpeg': await picture().jpeg().toBuffer(),
      'image/png': await picture().png().toBuffer(),
      'image/webp': await picture().webp().toBuffer(),
    }
    for (const [type, bytes] of Object.entries(formats)) {
      const reply = await postImage(`${url}/labels/production:classify`, new Uint8Array(bytes), type)
      expect(reply.status, JSON.stringify(reply.body)).toBe(200)
      const [ranked = []] = (reply.body as { results: [string, number][][] }).results
      expect(ranked.map(([label]) => label).sort()).toEqual(labels)
      expect(ranked.map(([, score]) => score)).toEqual(ranked.map(([, score]) => score).toSorted((a, b) => b - a))
      expect(ranked.reduce((sum, [, score]) => sum + score, 0)).toBeCloseTo(1, 5)
      expect(reply.headers.get('x-maas-model-version')).toBe('1')
      expect(reply.headers.get('server-timing')).toMatch(/^load;dur=[\d.]+, prepare;dur=[\d.]+, run;dur=[\d.]+$/)
    }
  })

  it('give the same numbers raw, as base64, alone and among others', async () => {
    const png = await picture().png().toBuffer()
    const b64 = png.toString('base64')
    const raw = await postImage(`${url}/versions/1:predict`, new Uint8Array(png), 'image/png')
    const [one] = (raw.body as { predictions: number[][] }).predictions
    const many = await post(`${url}/versions/1:predict`, { instances: Array.from({ length: 32 }, () => ({ b64 })) })
    const all = (many.body as { predictions: number[][] }).predictions
    expect(
      difference(
        all,
        all.map(() => one ?? []),
      ),
    ).toBeLessThanOrEqual(1e-5)
    const examples = await post(`${url}/versions/1:classify`, { examples: [{ b64 }] })
    const image = await postImage(`${url}/versions/1:classify`, new Uint8Array(png), 'image/png')
    expect(examples.body).toEqual(image.body)
  })
})

describe('status and metadata', () => {
  it('name the versions, inputs and outputs', async () => {
    expect((await ask(url)).body).toMatchObject({
      model_version_status: [{ version: '2', state: 'AVAILABLE' }, { version: '1' }],
    })
    const { body } = await ask(`${url}/labels/production/metadata`)
    expect(body).toMatchObject({ model_spec: { name: 'tiny', version: '1' } })
    expect(JSON.stringify(body)).toContain('"dim":[{"size":"-1","name":""},{"size":"8","name":""}')
    expect((await ask(`${service.url}/healthz`)).body).toMatchObject({
      status: 'ok',
      loaded: expect.arrayContaining(['tiny:1']),
    })
  })
})
