import { describe, expect, it } from 'vitest'
import { generalise } from '../../../layers/core/graph/generalise.ts'
import {
  constant,
  constantOf,
  inOrder,
  intVector,
  makeOutput,
  type Output,
  placeholder,
  typeOf,
} from '../../../layers/core/graph/ir.ts'
import type { Three } from '../../../layers/core/graph/rows.ts'

const rows = placeholder('rows', { dtype: 'int32', shape: [] })
const features = placeholder('features', { dtype: 'float32', shape: [-1, 4] })

/** Merges what `record` gives for a stand-in of the features at three sizes. */
function merge(record: (x: Output, rows: number) => Output): Output {
  const traces = [3, 5, 7].map((count) => {
    const standIn = placeholder('stand-in', { dtype: 'float32', shape: [count, 4] })
    return { rows: count, roots: [record(standIn, count)] }
  })
  const [merged] = generalise(traces as unknown as Three<(typeof traces)[0]>, new Map([['stand-in', features]]), rows)
  return merged as Output
}

const binary = (op: string, a: Output, b: Output) => makeOutput(op, [a, b], { T: { type: 'float32' } }, typeOf(a))
const full = (shape: number[], value: number) => constant({ dtype: 'float32', shape, data: Float32Array.of(value) })
const floats = (...data: number[]) =>
  constant({ dtype: 'float32', shape: [data.length], data: Float32Array.from(data) })

describe('generalise', () => {
  it('puts the real input in the place of its stand-ins and frees the first dimension', () => {
    const merged = merge((x) => binary('Mul', x, full([], 2)))
    expect(merged.node.inputs[0]).toBe(features)
    expect(typeOf(merged).shape).toEqual([-1, 4])
  })

  it('leaves the batch to Reshape itself', () => {
    const merged = merge((x, count) =>
      makeOutput('Reshape', [x, intVector([count, 2, 2])], {}, { dtype: 'float32', shape: [count, 2, 2] }),
    )
    expect([...(constantOf(merged.node.inputs[1] as Output)?.data ?? [])]).toEqual([-1, 2, 2])
  })

  it('computes shapes for operations that need them, and counts', () => {
    const shaped = merge((x, count) => makeOutput('BroadcastTo', [x, intVector([count, 4])], {}, typeOf(x)))
    expect(shaped.node.inputs[1]?.node.op).toBe('Pack')
    const mean = merge((x, count) => binary('RealDiv', x, full([], count * 4)))
    expect(inOrder([mean.node]).map(({ op }) => op)).toEqual([
      'Placeholder',
      'Placeholder',
      'Cast',
      'Const',
      'Mul',
      'RealDiv',
    ])
  })

  it('fills constants that grow with the batch', () => {
    const merged = merge((x, count) => binary('Add', x, full([count, 4], 0.5)))
    expect(merged.node.inputs[1]?.node.op).toBe('Fill')
  })

  it('repeats constants whose rows are copies of each other', () => {
    const rowsOf = (count: number, ...row: number[]) =>
      constant({ dtype: 'float32', shape: [count, 4], data: Float32Array.from(Array(count).fill(row).flat()) })
    const merged = merge((x, count) => binary('Add', x, rowsOf(count, 1, 2, 3, 4))).node.inputs[1] as Output
    expect(merged.node.op).toBe('BroadcastTo')
    expect(constantOf(merged.node.inputs[0] as Output)).toMatchObject({
      shape: [1, 4],
      data: Float32Array.of(1, 2, 3, 4),
    })
    expect(() => merge((x, count) => binary('Add', x, rowsOf(count, 1, 2, 3, count)))).toThrow(/batch size/)
  })

  it('repeats along inner dimensions too', () => {
    const merged = merge((x, count) => {
      const data = Float32Array.from({ length: 2 * count * 2 }, (_, at) => (at < count * 2 ? 0 : 10) + (at % 2))
      return binary('Add', constant({ dtype: 'float32', shape: [2, count, 2], data }), x)
    }).node.inputs[0] as Output
    expect(constantOf(merged.node.inputs[0] as Output)).toMatchObject({
      shape: [2, 1, 2],
      data: Float32Array.of(0, 1, 10, 11),
    })
    expect(typeOf(merged).shape).toEqual([2, -1, 2])
  })

  it('keeps constants that are the same, as one node where they were one', () => {
    const shared = floats(1, 2, 3, 4)
    expect(merge((x) => binary('Add', x, shared)).node.inputs[1]?.node).toBe(shared.node)
    const copied = merge((x) => binary('Add', x, floats(1, 2, 3, 4))).node.inputs[1] as Output
    expect([...(constantOf(copied)?.data ?? [])]).toEqual([1, 2, 3, 4])
  })

  it.each([
    ['other values without a rule', (x: Output, count: number) => binary('Add', x, floats(count, 1, count ** 2, 2))],
    [
      'noise that grows with the batch',
      (x: Output, count: number) =>
        binary(
          'Add',
          x,
          constant({
            dtype: 'float32',
            shape: [count, 4],
            data: Float32Array.from({ length: count * 4 }, Math.random),
          }),
        ),
    ],
    ['large constants that differ', (x: Output, count: number) => binary('Add', x, floats(...Array(65).fill(count)))],
    ['another operation', (x: Output, count: number) => binary(count === 5 ? 'Sub' : 'Add', x, x)],
    [
      'other operands',
      (x: Output, count: number) => {
        const y = binary('Mul', x, x)
        return count === 5 ? binary('Sub', x, y) : binary('Sub', y, x)
      },
    ],
    [
      'more operations',
      (x: Output, count: number) => (count === 5 ? binary('Mul', binary('Mul', x, x), x) : binary('Mul', x, x)),
    ],
    [
      'other attributes',
      (x: Output, count: number) => makeOutput('Squeeze', [x], { axis: { ints: [count] } }, typeOf(x)),
    ],
  ])('refuses %s', (_, record) => {
    expect(() => merge(record)).toThrow(/batch size/)
  })
})
