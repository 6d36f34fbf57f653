import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Candidate, checkNoCandidate, writeCandidate } from '@maas/train'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const candidate: Candidate = {
  files: { 'model.json': Buffer.from('{}'), 'weights.bin': Uint8Array.of(1, 2, 3) },
  metrics: { test_accuracy: 0.5 },
  lineage: { source: 'training', code: 'maas 0.1.0', kernels: 'wasm-4.22.0' },
}

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'candidate-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('the candidate', () => {
  it('appears with all its files', async () => {
    await writeCandidate(candidate, join(directory, 'model'))
    expect((await readdir(join(directory, 'model'))).sort()).toEqual([
      'lineage.json',
      'metrics.json',
      'model.json',
      'weights.bin',
    ])
    expect(JSON.parse(await readFile(join(directory, 'model', 'metrics.json'), 'utf8'))).toEqual({ test_accuracy: 0.5 })
    expect(await readdir(directory)).toEqual(['model'])
  })

  it('takes the place of an empty folder, and of a draft that a crash left', async () => {
    await mkdir(join(directory, 'model'))
    await mkdir(join(directory, '.model.tmp'))
    await writeFile(join(directory, '.model.tmp', 'weights.bin'), 'half')
    await writeCandidate(candidate, join(directory, 'model'))
    expect([...(await readFile(join(directory, 'model', 'weights.bin')))]).toEqual([1, 2, 3])
  })

  it('is absent when a file cannot be written', async () => {
    const impossible = { ...candidate, files: { ...candidate.files, 'no/such/folder.bin': Uint8Array.of(1) } }
    await expect(writeCandidate(impossible, join(directory, 'model'))).rejects.toThrow(
      /cannot write the trained model .*checkpoint is kept/,
    )
    expect(await readdir(directory)).toEqual([])
  })

  it('is never written over', async () => {
    await writeCandidate(candidate, join(directory, 'model'))
    await expect(checkNoCandidate(join(directory, 'model'))).rejects.toThrow(/already holds a trained model/)
    await expect(writeCandidate(candidate, join(directory, 'model'))).rejects.toThrow(/cannot write/)
    await checkNoCandidate(join(directory, 'elsewhere'))
  })
})
