import { describe, expect, it } from 'vitest'
import { floatScalar, inOrder, placeholder } from '../../../layers/core/graph/ir.ts'
import { fitToRows, RowArithmetic, type Three } from '../../../layers/core/graph/rows.ts'

const sizes: Three<number> = [3, 5, 7]
const seen = (of: (rows: number) => number) => sizes.map((rows) => Math.fround(of(rows))) as unknown as Three<number>

describe('fitToRows', () => {
  it.each([
    ['the rows', (rows: number) => rows, { kind: 'linear', a: 1, b: 0 }],
    ['elements of a batch', (rows: number) => rows * 12_345_678, { kind: 'linear', a: 12_345_678, b: 0 }],
    ['one less', (rows: number) => rows - 1, { kind: 'linear', a: 1, b: -1 }],
    ['the share of one row', (rows: number) => 1 / rows, { kind: 'inverse', a: 1, b: 0 }],
    ['a decimal share', (rows: number) => 0.3 / rows, { kind: 'inverse', a: 0.3, b: 0 }],
    ['a decimal multiple', (rows: number) => 0.1 * rows, { kind: 'linear', a: 0.1, b: 0 }],
  ])('recognises %s', (_, of, fit) => {
    const found = fitToRows(seen(of), sizes, false)
    expect(found).toEqual({ ...fit, a: expect.any(Number) })
    expect(Math.abs((found?.a ?? 0) / fit.a - 1)).toBeLessThan(3e-7)
  })

  it.each([
    ['a square', (rows: number) => rows * rows],
    ['a choice by size', (rows: number) => (rows > 5 ? 2 : 1)],
    ['numbers that happen to be close', (rows: number) => rows * 0.1 + (rows === 7 ? 1e-5 : 0)],
    ['random numbers', () => Math.random()],
  ])('does not take %s for a function of the size', (_, of) => {
    expect(fitToRows(seen(of), sizes, false)).toBeUndefined()
    expect(fitToRows(seen(of), sizes, true)).toBeUndefined()
  })
})

it('fits integers to the last digit or not at all', () => {
  expect(fitToRows([300_000_003, 500_000_005, 700_000_007], sizes, true)).toEqual({
    kind: 'linear',
    a: 100_000_001,
    b: 0,
  })
  expect(fitToRows([300_000_003, 500_000_005, 700_000_008], sizes, true)).toBeUndefined()
})

describe('RowArithmetic', () => {
  const rows = placeholder('rows', { dtype: 'int32', shape: [] })

  it('computes each number once, whoever asks', () => {
    const arithmetic = new RowArithmetic(sizes, rows)
    const shape = () =>
      arithmetic.tensor(
        'int32',
        [
          [3, 5, 7],
          [4, 4, 4],
          [6, 10, 14],
        ],
        [3],
      )
    const [one, two] = [shape(), shape()]
    expect(one.node.op).toBe('Pack')
    expect(one.node.inputs[0]).toBe(rows)
    expect(one.node.inputs[2]).toBe(two.node.inputs[2])
    expect(inOrder([one.node, two.node]).filter(({ op }) => op === 'Mul')).toHaveLength(1)
  })

  it('fills tensors of any number of rows with one value', () => {
    const filled = new RowArithmetic(sizes, rows).fill(
      'float32',
      [
        [3, 5, 7],
        [2, 2, 2],
      ],
      [1, 1, 1],
      [-1, 2],
    )
    expect(filled.node.op).toBe('Fill')
    expect(filled.node.outputs).toEqual([{ dtype: 'float32', shape: [-1, 2] }])
    expect(filled.node.inputs[1]?.node.attrs).toEqual(floatScalar(1).node.attrs)
  })

  it('says that numbers do not follow from the size', () => {
    expect(() => new RowArithmetic(sizes, rows).tensor('float32', [[1, 2, 9]], [])).toThrow(/random numbers/)
  })
})
