/** After a training job: the version is registered, and the alias moves only through the gate. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCompiled } from '@maas/core/predict/derived'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { registerCandidate } from '../../../../functions/events/register.ts'
import { replay } from '../../imports/support.ts'

const candidate = {
  files: { 'model.json': Buffer.from('{}'), 'weights.bin': Buffer.from('abcd') },
  metrics: { test_accuracy: 0.655 },
  lineage: { source: 'training', job: 'birds-1', code: 'maas', kernels: 'tensorflow' } as const,
}
const request = { model: 'birds', job: 'birds-1', candidate, alias: 'production', by: 'test' }

let directory: string
const open = () => createRegistry(createFileStore(directory))

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'register-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('registerCandidate', () => {
  it('registers a version and points the alias at it', async () => {
    const { alias, manifest } = await registerCandidate(request, open())
    expect([manifest.version, alias]).toEqual([1, 'production'])
    expect(await open().resolve({ name: 'birds', alias: 'production' })).toBe(1)
    const [change] = (await open().alias('birds', 'production')).history
    expect(change).toMatchObject({ by: 'test', why: 'training job birds-1' })
  })

  it('registers but leaves the alias when the gate is not met', async () => {
    const { alias, gate, manifest } = await registerCandidate({ ...request, gate: 'test_accuracy>=0.7' }, open())
    expect(manifest.version).toBe(1)
    expect(alias).toBeUndefined()
    expect(gate).toMatchObject({ passed: false })
    expect(gate.message).toContain('0.655')
    expect(await open().aliases('birds')).toEqual([])
  })

  it('moves the alias when the gate is met', async () => {
    expect((await registerCandidate({ ...request, gate: 'test_accuracy>=0.6' }, open())).alias).toBe('production')
  })

  it('does not let a metric pass that was not measured', async () => {
    const { alias, gate } = await registerCandidate({ ...request, gate: 'test_recall>=0' }, open())
    expect([alias, gate.passed]).toEqual([undefined, false])
  })

  it('registers a job once, however often it is asked to', async () => {
    await registerCandidate(request, open())
    const again = await registerCandidate(request, open())
    expect(again.manifest.version).toBe(1)
    expect((await open().model('birds')).versions).toEqual([1])
  })

  const replayed = (passed: boolean) => ({
    replay: { ...replay, kernels: 'k1', passed, difference: passed ? 1e-7 : 0.5 },
    rowsIndependent: true,
    graph: Buffer.from('graph'),
  })

  it('keeps the certificate and the graph that the job made, for the first to serve the version', async () => {
    const { alias, manifest } = await registerCandidate(
      { ...request, candidate: { ...candidate, certified: replayed(true) } },
      open(),
    )
    expect(alias).toBe('production')
    expect((await open().replays(manifest)).map(({ kernels, passed }) => [kernels, passed])).toEqual([['k1', true]])
    expect(await readCompiled(open(), manifest, 'k1')).toEqual({ graph: Buffer.from('graph'), rowsIndependent: true })
  })

  it('moves no alias on the word of other kernels than those that serve', async () => {
    const certified = { ...request, candidate: { ...candidate, certified: replayed(true) } }
    const { alias, gate, manifest } = await registerCandidate({ ...certified, kernels: 'k2' }, open())
    expect([manifest.version, alias, gate.passed]).toEqual([1, undefined, false])
    expect(gate.message).toContain('was replayed on k1, predictions run on k2 by now')
    expect((await registerCandidate({ ...certified, job: 'birds-2', kernels: 'k1' }, open())).alias).toBe('production')
  })

  it('registers a version whose certificate fails, and moves no alias to it, whatever the gate says', async () => {
    const { alias, gate, manifest } = await registerCandidate(
      { ...request, gate: 'test_accuracy>=0.6', candidate: { ...candidate, certified: replayed(false) } },
      open(),
    )
    expect([alias, gate.passed, manifest.version]).toEqual([undefined, false, 1])
    expect(gate.message).toMatch(/certificate FAILED: a largest difference of 5\.0e-1/)
    const move = open().setAlias('birds', 'production', [{ version: 1, weight: 100 }], { by: 'test', why: '' })
    await expect(move).rejects.toThrow('fails on k1')
  })
})
