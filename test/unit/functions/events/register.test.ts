/** After a training job: the version is registered, and the alias moves only through the gate. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { registerCandidate } from '../../../../functions/events/register.ts'

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
})
