/** Vetting real models: what a candidate holds, golden files that fit and that do not, and refusals by name. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ImportRequest, versionFiles } from '@maas/core/contract'
import { readModel } from '@maas/core/formats'
import { decodeOptimizer } from '@maas/core/train/optimizer-file'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type VetDeps, vetModel } from '../../../functions/check/vet.ts'
import { loadKernels } from '../../../layers/core/kernels/index.ts'
import { expectedOf, kerasFixture } from '../../support/keras-fixtures.ts'

const sha256 = '0'.repeat(64)

/** NumPy's own format, version 1. */
const npy = (shape: readonly number[], values: readonly number[], type = '<f4'): Uint8Array => {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const header = Buffer.from(text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11).concat('\n'))
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255, header.length >> 8])
  return Buffer.concat([start, header, Buffer.from(Float32Array.from(values).buffer)])
}

const kernels = await loadKernels({ announce: () => {} })
if (kernels.native === undefined) console.warn('SKIPPED: native kernels are not built: npm run build:kernels')

describe.skipIf(kernels.native === undefined)('vetting', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vet-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const vet = async (files: Readonly<Record<string, Uint8Array>>, extra: Partial<ImportRequest> = {}) => {
    for (const [path, bytes] of Object.entries(files)) await writeFile(join(directory, path), bytes)
    const request = { model: 'm', files: Object.keys(files).map((path) => ({ path, size: 1, sha256 })), ...extra }
    const kept = new Map<string, Uint8Array>()
    const keep: VetDeps['keep'] = (path, parts) => void kept.set(path, Buffer.concat(parts))
    const vetted = await vetModel(request, directory, { kernels, now: () => new Date(0), keep })
    return { ...vetted, files: Object.fromEntries(vetted.verdict.files.map((path) => [path, kept.get(path)])) }
  }

  it('makes a candidate with report, certificate and compiled graph of a model by Keras', async () => {
    const { verdict, files, graph } = await vet({ 'model.keras': await kerasFixture(3, 'cnn.keras') })
    expect(verdict.error).toBeUndefined()
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['model.json', 'weights.bin', 'golden.json', 'golden.bin']),
    )
    expect(verdict.conversion?.layers.length).toBeGreaterThan(2)
    expect(verdict.certificate).toMatchObject({ passed: true, mode: 'compiled', source: 'generated' })
    expect(graph?.length).toBeGreaterThan(0)
  })

  it("keeps the slots of a file's optimiser, with which training goes on, and none where there are none", async () => {
    const path = fileURLToPath(new URL('../train/fixtures/continue/adam.h5', import.meta.url))
    const { optimizer } = await readModel(path, { optimizer: true })
    const { files } = await vet({ 'adam.h5': await readFile(path) })
    const kept = decodeOptimizer(files[versionFiles.optimizer] ?? new Uint8Array())
    expect(kept.step).toBe(optimizer?.step)
    expect(kept.slots.length).toBeGreaterThan(0)
    expect(kept.slots.map(({ data }) => data)).toEqual(optimizer?.slots.map(({ data }) => data))
    expect(Object.keys((await vet({ 'cnn.h5': await kerasFixture(3, 'cnn.h5') })).files)).not.toContain(
      versionFiles.optimizer,
    )
  })

  it("takes Python's own answers as golden outputs, and refuses the model when they are changed", async () => {
    const { inputs, outputs } = await expectedOf(3, 'cnn')
    const [x, y] = [inputs[0], outputs[0]]
    if (x === undefined || y === undefined) throw new Error('the fixture has no examples')
    const golden = { inputs: 'x.npy', outputs: 'y.npy' }
    const files = {
      'model.h5': await kerasFixture(3, 'cnn.h5'),
      'x.npy': npy(x.shape, x.data),
      'y.npy': npy(y.shape, y.data),
    }
    expect((await vet(files, { golden })).verdict).toMatchObject({ certificate: { source: 'given', passed: true } })
    const changed = npy(y.shape, [...y.data.slice(0, -1), (y.data.at(-1) ?? 0) + 0.1])
    const { verdict } = await vet({ ...files, 'y.npy': changed }, { golden })
    expect(verdict).toMatchObject({ files: [], certificate: { passed: false } })
    expect(verdict.error?.message).toMatch(
      /does not answer the golden inputs with the golden outputs: the largest difference/,
    )
  })

  it('refuses a model whose golden files cannot be read, rather than registering it without a certificate', async () => {
    const { inputs, outputs } = await expectedOf(3, 'cnn')
    const [x, y] = [inputs[0], outputs[0]]
    if (x === undefined || y === undefined) throw new Error('the fixture has no examples')
    const golden = { inputs: 'x.npy', outputs: 'y.npy' }
    const files = { 'model.h5': await kerasFixture(3, 'cnn.h5'), 'y.npy': npy(y.shape, y.data) }
    // NumPy's texts of one character have four bytes each, as the numbers have.
    const { verdict } = await vet({ ...files, 'x.npy': npy(x.shape, x.data, '<U1') }, { golden })
    expect(verdict).toMatchObject({ files: [], error: { code: 'invalid_input' } })
    expect(verdict.error?.message).toContain('x has type <U1. Allowed: bool, integers, float32 and float64')
    expect((await vet({ ...files, 'x.npy': npy(x.shape, x.data) }, { golden })).verdict.error).toBeUndefined()
  })

  it('calls the folder of a SavedModel so in what it refuses, not by where it lay here', async () => {
    const { verdict } = await vet({ 'saved_model.pb': Buffer.from('no protocol buffer') })
    expect(verdict.error?.message).toMatch(/^the model's folder /)
    expect(verdict.error?.message).not.toContain(directory)
  })

  it('takes weights alone with the topology that goes with them', async () => {
    const archive = unzipSync(await kerasFixture(3, 'cnn.keras'))
    const files = {
      'model.weights.h5': archive['model.weights.h5'] as Uint8Array,
      'model.json': archive['config.json'] as Uint8Array,
    }
    const { verdict } = await vet(files, { topology: 'model.json' })
    expect(verdict).toMatchObject({
      certificate: { passed: true },
      conversion: { source: expect.stringMatching(/onto/) },
    })
    expect((await vet(files)).verdict.error?.message).toContain('--topology model.json')
  })

  it.each([
    ['a file that is no model', Buffer.from('hello'), {}, /model\.h5 is no model file/],
    ['labels that do not fit', undefined, { labels: ['a'] }, /got 1 labels/],
  ])('refuses %s in words, without the folder it lay in', async (_, bytes, extra, words) => {
    const { verdict } = await vet({ 'model.h5': bytes ?? (await kerasFixture(3, 'cnn.h5')) }, extra)
    expect(verdict.error?.message).toMatch(words)
    expect(verdict.error?.message).not.toContain(directory)
  })
})
