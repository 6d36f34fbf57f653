/** The Open Inference Protocol, asked for by tritonclient as pip installs it. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { labels } from '../../support/models.ts'
import { findPython, runPython } from '../../support/python.ts'
import { ask, makeRegistry, post, rowsOf, runService } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

interface Seen {
  readonly server: { readonly name: string; readonly extensions: string[] }
  readonly model: { readonly versions: string[]; readonly inputs: { readonly shape: number[] }[] }
  readonly answers: Readonly<Record<'binary' | 'json' | 'mixed' | 'alias' | 'newest', number[][]>>
  readonly classes: string[][]
  readonly refused: [string, string] | null
  readonly index: { readonly version: string; readonly state: string }[]
  readonly statistics: {
    readonly inference_count: number
    readonly inference_stats: Readonly<Record<string, { readonly count: number; readonly ns: number }>>
  }[]
}

const python = findPython('base', 'tritonclient')

describe.skipIf(python === undefined)('tritonclient', () => {
  it('gets the answers of :predict in binary and JSON, classes, refusals, index and statistics', async () => {
    const rows = rowsOf(3)
    const image = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#40a0c0' } })
      .jpeg()
      .toBuffer()
    const [rowsFile, photo] = [join(registry.folder, 'rows.json'), join(registry.folder, 'photo.jpg')]
    await Promise.all([writeFile(rowsFile, JSON.stringify(rows)), writeFile(photo, image)])
    const program = resolve('test/e2e/serve/triton.py')
    const seen = await runPython<Seen>(python ?? '', [program, `127.0.0.1:${service.port}`, rowsFile, photo])
    const served = async (version: number) =>
      (
        (await post(`${service.url}/v1/models/tiny/versions/${version}:predict`, { instances: rows })).body as {
          predictions: number[][]
        }
      ).predictions
    const [first, second] = await Promise.all([served(1), served(2)])
    expect(seen.server).toMatchObject({ name: 'maas', extensions: expect.arrayContaining(['binary_tensor_data']) })
    expect(seen.model).toMatchObject({ versions: ['2', '1'], inputs: [{ shape: [-1, 8, 8, 3] }] })
    for (const way of ['binary', 'mixed', 'alias'] as const) {
      expect(seen.answers[way].map((row) => row.map(Math.fround))).toEqual(first.map((row) => row.map(Math.fround)))
    }
    expect(seen.answers.json.map((row) => row.map(Math.fround))).toEqual(first.map((row) => row.map(Math.fround)))
    expect(seen.answers.newest).not.toEqual(seen.answers.binary)
    expect(seen.answers.newest.map((row) => row.map(Math.fround))).toEqual(second.map((row) => row.map(Math.fround)))
    expect(seen.classes).toHaveLength(2)
    for (const row of seen.classes) {
      expect(row).toHaveLength(2)
      for (const text of row) {
        const [score, index = '', label] = text.split(':')
        expect(Number(score)).toBeGreaterThan(0)
        expect(label).toBe(labels[Number(index)])
      }
    }
    expect(seen.refused?.[0]).toBe('400')
    expect(seen.refused?.[1]).toContain('[3, 4, 8, 3]')
    expect(seen.index.map(({ version, state }) => [version, state])).toEqual([
      ['2', 'READY'],
      ['1', 'READY'],
    ])
    // binary, json, mixed and alias ask for three rows each, classes for two images
    const [statistics] = seen.statistics
    const counts = Object.entries(statistics?.inference_stats ?? {}).map(([part, { count }]) => [part, count])
    expect(statistics?.inference_count).toBe(3 * 4 + 2)
    expect(Object.fromEntries(counts)).toMatchObject({ fail: 1, compute_infer: 5, cache_hit: 0 })
    for (const part of ['success', 'compute_input', 'compute_infer', 'compute_output']) {
      expect(statistics?.inference_stats[part]?.ns).toBeGreaterThan(0)
    }
  })
})

describe('a body without JSON', () => {
  const raw = (body: Buffer | Uint8Array<ArrayBuffer>, header: string) =>
    ask(`${service.url}/v2/models/tiny/versions/1/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': header },
      body: body as BodyInit,
    })

  it('is one tensor, or one image file', async () => {
    const values = Float32Array.from(rowsOf(1).flat(3))
    const tensor = await raw(Buffer.from(values.buffer), '0')
    expect(tensor.status, JSON.stringify(tensor.body)).toBe(200)
    const expected = await post(`${service.url}/v1/models/tiny/versions/1:predict`, { instances: rowsOf(1) })
    const [[scores]] = [(expected.body as { predictions: number[][] }).predictions]
    expect((tensor.body as { outputs: { data: number[] }[] }).outputs[0]?.data).toEqual(scores)
    const png = await sharp({ create: { width: 5, height: 5, channels: 3, background: '#fff' } })
      .png()
      .toBuffer()
    expect((await raw(png, '0')).status).toBe(200)
    const wrong = await raw(Buffer.from('nonsense'), '0')
    expect([wrong.status, wrong.body]).toEqual([422, { error: expect.any(String) }])
    expect((await raw(png, '99999')).status).toBe(400)
  })
})
