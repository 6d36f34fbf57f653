/** A short, seeded round of `npm run fuzz`, and proof that its judge sees what it is there to see. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelArtifact } from '@maas/core/formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fuzz } from '../../fuzz/fuzz.ts'
import { judgeAccepted } from '../../fuzz/judge.ts'
import { canary, mutate } from '../../fuzz/mutate.ts'
import { fuzzSources } from '../../fuzz/sources.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-fuzz-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('fuzz', () => {
  it('finds nothing in 150 damaged files', { timeout: 120_000 }, async () => {
    const options = { count: 150, seed: 20_261_124, folder, parallel: 2, aloneEvery: 50 }
    const { findings, files, alone, counts } = await fuzz(await fuzzSources(), options)
    expect(findings).toEqual([])
    expect([files, alone]).toEqual([150, 3])
    const outcomes = Object.values(counts).map(({ refused, same, different }) => [
      ...[Object.values(refused).reduce((sum, count) => sum + count, 0), same, different],
    ])
    const totals = [0, 1, 2].map((which) => outcomes.reduce((sum, one) => sum + (one[which] ?? 0), 0))
    expect(totals.every((count) => count > 10)).toBe(true)
  })
})

describe('judgeAccepted', () => {
  const data = Uint8Array.from({ length: 16 }, (_, at) => at + 1)
  const golden: ModelArtifact = { topology: {}, weights: [{ name: 'a/b', shape: [4], dtype: 'float32', data }] }
  const other = (bytes: Uint8Array): ModelArtifact => ({
    ...golden,
    weights: [{ ...golden.weights[0], data: bytes } as never],
  })

  it('calls weights wrong that do not stand in the file', () => {
    const mutation = { bytes: new Uint8Array(100), what: 'nothing' }
    expect(judgeAccepted(other(data.toReversed()), mutation, golden)).toMatchObject({ kind: 'wrong' })
    expect(judgeAccepted(other(data.toReversed()), { ...mutation, bytes: data.toReversed() }, golden)).toEqual({
      kind: 'accepted',
      how: 'different',
    })
  })

  it('sees the content of a file of the host', () => {
    const stolen = Buffer.from(canary.content.slice(0, 24).padEnd(24))
    const verdict = judgeAccepted(other(stolen), { bytes: stolen, what: 'nothing' }, golden)
    expect(verdict).toEqual({ kind: 'wrong', why: 'a file of the host was read' })
  })

  it('does not take changed variables of a SavedModel, which have checksums', () => {
    const mutation = { bytes: data, what: 'nothing', inside: 'variables/variables.index' }
    expect(judgeAccepted({ graph: data }, mutation, { graph: data.toReversed() })).toMatchObject({ kind: 'wrong' })
  })
})

describe('mutate', () => {
  it('does the same damage for the same seed', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 251)
    expect(mutate(bytes, 7)).toEqual(mutate(bytes, 7))
    expect(mutate(bytes, 7).bytes).not.toEqual(mutate(bytes, 8).bytes)
  })
})
