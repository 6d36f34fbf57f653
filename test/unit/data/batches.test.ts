import { batches, type DataPart, shuffledIndices } from '@maas/core/data'
import { describe, expect, it } from 'vitest'

const part: DataPart = {
  examples: 7,
  rowShape: [1, 2],
  features: Uint8Array.from({ length: 14 }, (_, at) => at),
  targets: Int32Array.from({ length: 7 }, (_, row) => row * 10),
}

describe('batches', () => {
  it('yields every row once, the rest last', () => {
    const seen = [...batches(part, { batchSize: 3 })]
    expect(seen.map((batch) => batch.rows)).toEqual([3, 3, 1])
    expect(seen.flatMap((batch) => [...batch.features])).toEqual([...part.features])
    expect(seen.flatMap((batch) => [...batch.targets])).toEqual([...part.targets])
    expect(seen[0]?.rowShape).toEqual([1, 2])
  })

  it('does not copy when rows come in their own order', () => {
    for (const batch of batches(part, { batchSize: 3 })) expect(batch.features.buffer).toBe(part.features.buffer)
  })

  it('follows an order, through one buffer', () => {
    const order = shuffledIndices(7, 1, 0)
    const [features, targets, buffers] = [[] as number[], [] as number[], new Set()]
    for (const batch of batches(part, { batchSize: 3, order })) {
      features.push(...batch.features)
      targets.push(...batch.targets)
      buffers.add(batch.features.buffer)
    }
    expect(features).toEqual([...order].flatMap((row) => [row * 2, row * 2 + 1]))
    expect(targets).toEqual([...order].map((row) => row * 10))
    expect(buffers.size).toBe(1)
  })

  it('keeps floats as floats', () => {
    const floats = { ...part, features: Float32Array.from(part.features), targets: new Float32Array(7).fill(0.5) }
    const [batch] = batches(floats, { batchSize: 2, order: [3, 1] })
    expect([batch?.features, batch?.targets]).toEqual([Float32Array.from([6, 7, 2, 3]), Float32Array.from([0.5, 0.5])])
  })

  it('refuses a batch size that is none, and stops at a signal', () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN])
      expect(() => [...batches(part, { batchSize })]).toThrow(/batch size/)
    expect(() => [...batches(part, { batchSize: 2, signal: AbortSignal.abort() })]).toThrow('stopped')
  })
})
