import type { Manifest } from '@maas/core/contract'
import { compare, lambdaPrice, pricePerMillion } from '@maas/core/evaluate'
import { describe, expect, it } from 'vitest'

const manifest = (version: number): Manifest => ({
  schema: 1,
  name: 'cifar10',
  version,
  createdAt: '2026-01-01T00:00:00Z',
  files: [
    { path: 'model.json', sha256: 'a'.repeat(64), size: 3000 },
    { path: 'weights.bin', sha256: 'b'.repeat(64), size: 670_248 },
    { path: 'report.html', sha256: 'c'.repeat(64), size: 99_999 },
  ],
  metrics: { parameters: 167_562, test_accuracy: 0.65 },
  lineage: { source: 'training', code: 'maas 0.1.0', kernels: 'tensorflow-2.21.0-x64' },
})

describe('comparing versions', () => {
  it('tables size, parameters and accuracy, and what was measured', async () => {
    const [row] = await compare([manifest(1)], async () => ({ latencyMs: 0.5, memoryBytes: 5e6 }))
    expect(row).toEqual({
      model: 'cifar10:1',
      parameters: 167_562,
      sizeBytes: 673_248,
      latencyMs: 0.5,
      memoryBytes: 5e6,
      pricePerMillion: pricePerMillion(0.5),
      metrics: { test_accuracy: 0.65 },
    })
  })

  it('leaves out what nobody measured, and keeps the order', async () => {
    const rows = await compare([manifest(2), manifest(1)])
    expect(rows.map(({ model }) => model)).toEqual(['cifar10:2', 'cifar10:1'])
    expect(rows[0]).not.toHaveProperty('latencyMs')
  })

  it('measures one after the other', async () => {
    let [running, most] = [0, 0]
    await compare([manifest(1), manifest(2), manifest(3)], async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 1))
      running--
      return { latencyMs: 1, memoryBytes: 1 }
    })
    expect(most).toBe(1)
  })
})

describe('the price of a million predictions', () => {
  it('is Lambda’s: whole milliseconds times memory, and the requests', () => {
    expect(pricePerMillion(100, 1024)).toBeCloseTo(1e6 * 0.1 * lambdaPrice.gigabyteSecond + 0.2, 9)
    expect(pricePerMillion(0.2, 2048)).toBeCloseTo(pricePerMillion(1, 2048), 12)
    expect(pricePerMillion(1.2, 1024)).toBeCloseTo(1000 * 2 * lambdaPrice.gigabyteSecond + 0.2, 9)
  })
})
