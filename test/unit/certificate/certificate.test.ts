/** Golden tensors and their replay: what passes, and that everything wrong does not. */
import { decodeGolden, encodeGolden, generateInputs, replayGolden } from '@maas/core/certificate'
import type { NamedTensors, Signature } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'

const signature: Signature = {
  inputs: [
    { name: 'x', dtype: 'float32', shape: [-1, 3] },
    { name: 'ids', dtype: 'int32', shape: [-1, -1] },
  ],
  outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
}
const inputs = generateInputs(signature, 7)
const outputs: NamedTensors = { y: { dtype: 'float32', shape: [4, 1], data: Float32Array.of(1, -2, 3, 4) } }
const files = encodeGolden({ source: 'generated', seed: 7, tolerance: 1e-5 }, inputs, outputs)
const golden = decodeGolden(files.golden, files.values)
const options = { mode: 'eager', kernels: 'test', now: () => new Date(0) } as const
const answer = (data: Float32Array, shape = [4, 1]): NamedTensors => ({ y: { dtype: 'float32', shape, data } })

describe('golden tensors', () => {
  it('come back from their files as they were', () => {
    expect(golden.inputs).toEqual(inputs)
    expect(golden.outputs).toEqual(outputs)
  })
  it('are the same for a seed, and others for another', () => {
    expect(generateInputs(signature, 7)).toEqual(inputs)
    expect(generateInputs(signature, 8)).not.toEqual(inputs)
  })
  it('refuse files that do not belong together', () => {
    expect(() => decodeGolden(files.golden, files.values.subarray(4))).toThrow('cut short')
    expect(() => decodeGolden(files.golden, Buffer.concat([files.values, Buffer.alloc(4)]))).toThrow('longer')
  })
  it('cannot be made up for text', () => {
    const text: Signature['inputs'] = [{ name: 't', dtype: 'string', shape: [-1] }]
    expect(() => generateInputs({ inputs: text }, 1)).toThrow('input t takes text, which golden tensors cannot hold')
  })
})

describe('a replay', () => {
  it('passes within the tolerance and says how far off it was', async () => {
    const replay = await replayGolden(golden, { ...options, run: () => answer(Float32Array.of(1, -2, 3, 4.00002)) })
    expect(replay).toMatchObject({ passed: true, rows: 4, tolerance: 1e-5 })
    expect(replay.difference).toBeGreaterThan(1e-6)
  })
  it.each([
    ['a difference over it', answer(Float32Array.of(1, -2, 3, 4.001))],
    ['NaN', answer(Float32Array.of(1, -2, 3, Number.NaN))],
    ['another shape', answer(Float32Array.of(1, -2, 3, 4), [1, 4])],
    ['a missing output', {}],
  ])('fails for %s', async (_, answered) => {
    expect((await replayGolden(golden, { ...options, run: () => answered })).passed).toBe(false)
  })
})
