import type { NamedTensors, TensorData } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'
import { batching } from '../../../layers/core/predict/batching.ts'
import type { Runner } from '../../../layers/core/predict/runner.ts'

const rowsOf = (...values: number[]): NamedTensors => ({
  x: { dtype: 'float32', shape: [values.length, 1], data: Float32Array.from(values) },
})
const valuesOf = (outputs: NamedTensors) => [...((outputs.y as TensorData).data as Float32Array)]

/** Doubles; refuses 13. Notes how many rows each run had. */
const doubler = (rowsIndependent = true) => {
  const runs: number[] = []
  const runner: Runner = {
    rowsIndependent,
    dispose: () => {},
    run: async ({ x }) => {
      const { shape, data } = x as TensorData
      runs.push(shape[0] as number)
      if ([...(data as Float32Array)].includes(13)) throw new Error('13 is refused')
      return { y: { dtype: 'float32', shape, data: (data as Float32Array).map((value) => value * 2) } }
    },
  }
  return { runner, runs }
}

describe('requests that come together', () => {
  it('share a run and get their own rows back', async () => {
    const { runner, runs } = doubler()
    const { run } = batching(runner, 64)
    const answers = await Promise.all([run(rowsOf(1)), run(rowsOf(2, 3)), run(rowsOf(4))])
    expect(answers.map(valuesOf)).toEqual([[2], [4, 6], [8]])
    expect(runs).toEqual([4])
  })

  it('make no batch larger than allowed, unless one alone is', async () => {
    const { runner, runs } = doubler()
    const { run } = batching(runner, 2)
    const answers = await Promise.all([run(rowsOf(1)), run(rowsOf(2)), run(rowsOf(3)), run(rowsOf(4, 5, 6))])
    expect(answers.map(valuesOf)).toEqual([[2], [4], [6], [8, 10, 12]])
    expect(runs).toEqual([2, 1, 3])
  })

  it('fail alone: one that cannot be run does not take the others with it', async () => {
    const { runner, runs } = doubler()
    const { run } = batching(runner, 64)
    const answers = await Promise.allSettled([run(rowsOf(1)), run(rowsOf(13)), run(rowsOf(3))])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(runs).toEqual([3, 1, 1, 1])
  })

  it('do not share a run when their rows differ in shape', async () => {
    const { runner, runs } = doubler()
    const { run } = batching(runner, 64)
    const wide: NamedTensors = { x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) } }
    await Promise.all([run(rowsOf(1)), run(wide), run(rowsOf(2))])
    expect(runs).toEqual([2, 1])
  })

  it('each have their own run where rows depend on each other', async () => {
    const { runner, runs } = doubler(false)
    const { run } = batching(runner, 64)
    await Promise.all([run(rowsOf(1)), run(rowsOf(2))])
    expect(runs).toEqual([1, 1])
  })
})
