import { describe, expect, it } from 'vitest'
import {
  type Attrs,
  constant,
  constantOf,
  floatScalar,
  intVector,
  type Output,
  placeholder,
  typeOf,
} from '../../../layers/core/graph/ir.ts'
import { reshape, simplify } from '../../../layers/core/graph/simplify.ts'

const T: Attrs = { T: { type: 'float32' } }
const tensor = (...shape: number[]): Output => placeholder(`x${shape}`, { dtype: 'float32', shape })
const type = (...shape: number[]) => ({ dtype: 'float32', shape }) as const
const full = (value: number, ...shape: number[]) => constant({ dtype: 'float32', shape, data: Float32Array.of(value) })
const opsOf = (output: Output): string => output.node.op

describe('simplify', () => {
  it('recognises the addition of a bias, however it is shaped and on whichever side', () => {
    const x = tensor(2, 5, 5, 3)
    const bias = tensor(3)
    for (const inputs of [
      [x, bias],
      [x, reshape(bias, [1, 1, 1, 3])],
      [bias, x],
    ]) {
      const sum = simplify('Add', inputs, T, type(2, 5, 5, 3))
      expect(opsOf(sum)).toBe('BiasAdd')
      expect(sum.node.inputs).toEqual([x, bias])
    }
  })

  it('does not take other additions for a bias', () => {
    expect(opsOf(simplify('Add', [tensor(2, 3), tensor(2, 3)], T, type(2, 3)))).toBe('Add')
    expect(opsOf(simplify('Add', [tensor(2, 3), tensor(2, 1)], T, type(2, 3)))).toBe('Add')
    expect(opsOf(simplify('Add', [tensor(2, 1), tensor(3)], T, type(2, 3)))).toBe('Add')
    expect(opsOf(simplify('Add', [tensor(3), tensor(3)], T, type(3)))).toBe('Add')
    expect(opsOf(simplify('Add', [tensor(2, 3, 1), tensor(1, 3, 1)], T, type(2, 3, 1)))).toBe('Add')
  })

  it('sums all but the last dimension as the gradient of a bias, and no other sum', () => {
    const sum = (axes: number[], keep: boolean, ...shape: number[]) =>
      opsOf(simplify('Sum', [tensor(2, 4, 3), intVector(axes)], { ...T, keep_dims: { bool: keep } }, type(...shape)))
    expect(sum([0, 1], false, 3)).toBe('BiasAddGrad')
    expect(sum([1, 0], false, 3)).toBe('BiasAddGrad')
    expect(sum([0, 1], true, 1, 1, 3)).toBe('Sum')
    expect(sum([1, 2], false, 2)).toBe('Sum')
    expect(sum([0], false, 4, 3)).toBe('Sum')
  })

  it('multiplies batches of one as matrices, with their transpositions', () => {
    const product = simplify(
      'BatchMatMulV2',
      [reshape(tensor(4, 2), [1, 4, 2]), tensor(1, 4, 5)],
      { ...T, adj_x: { bool: true }, adj_y: { bool: false } },
      type(1, 2, 5),
    )
    const matMul = product.node.inputs[0] as Output
    expect([opsOf(product), opsOf(matMul)]).toEqual(['Reshape', 'MatMul'])
    expect(matMul.node.attrs).toMatchObject({ transpose_a: { bool: true }, transpose_b: { bool: false } })
    expect(matMul.node.inputs[0]).toEqual(tensor(4, 2))
    expect(opsOf(simplify('BatchMatMulV2', [tensor(2, 4, 2), tensor(2, 2, 4)], T, type(2, 4, 4)))).toBe('BatchMatMulV2')
  })

  it('multiplies plain matrices as such', () => {
    expect(opsOf(simplify('BatchMatMulV2', [tensor(4, 2), tensor(2, 5)], T, type(4, 5)))).toBe('MatMul')
    expect(opsOf(simplify('BatchMatMulV2', [tensor(4, 2), tensor(3, 2, 5)], T, type(3, 4, 5)))).toBe('BatchMatMulV2')
  })

  it('adds a bias before a change of shape, next to what it can be fused with', () => {
    const x = tensor(4, 5)
    const sum = simplify('Add', [reshape(x, [1, 4, 5]), tensor(5)], T, type(1, 4, 5))
    expect([opsOf(sum), opsOf(sum.node.inputs[0] as Output)]).toEqual(['Reshape', 'BiasAdd'])
    expect(sum.node.inputs[0]?.node.inputs[0]).toBe(x)
    const other = simplify('Add', [reshape(x, [2, 10]), tensor(10)], T, type(2, 10))
    expect(opsOf(other)).toBe('BiasAdd')
    const gradient = simplify('Sum', [reshape(x, [1, 4, 5]), intVector([0, 1])], T, type(5))
    expect(gradient.node.inputs).toEqual([x])
  })

  it('drops what changes nothing', () => {
    const x = tensor(2, 3)
    expect(reshape(reshape(x, [6]), [2, 3])).toBe(x)
    expect(simplify('Mul', [full(1, 2, 3), x], T, type(2, 3))).toBe(x)
    expect(simplify('Add', [x, full(0)], T, type(2, 3))).toBe(x)
    expect(simplify('RealDiv', [x, full(1)], T, type(2, 3))).toBe(x)
    expect(simplify('Cast', [x], T, type(2, 3))).toBe(x)
    expect(simplify('Tile', [x, intVector([1, 1])], T, type(2, 3))).toBe(x)
    expect(simplify('Transpose', [x, intVector([0, 1])], T, type(2, 3))).toBe(x)
  })

  it('keeps what changes something', () => {
    const x = tensor(2, 3)
    expect(opsOf(simplify('Sub', [full(0), x], T, type(2, 3)))).toBe('Sub')
    expect(opsOf(simplify('RealDiv', [full(1), x], T, type(2, 3)))).toBe('RealDiv')
    expect(opsOf(simplify('Mul', [tensor(3), full(1, 2, 3)], T, type(2, 3)))).toBe('Mul')
    expect(opsOf(simplify('Cast', [x], T, { dtype: 'int32', shape: [2, 3] }))).toBe('Cast')
    expect(opsOf(simplify('Transpose', [x, intVector([1, 0])], T, type(3, 2)))).toBe('Transpose')
  })

  it('stores a full constant as one number where the other operand has the shape', () => {
    const scaled = simplify('Mul', [tensor(2, 3), full(4, 2, 3)], T, type(2, 3))
    expect(scaled.node.inputs[1]?.node.attrs).toEqual(floatScalar(4).node.attrs)
    const grown = simplify('Mul', [tensor(3), full(4, 2, 3)], T, type(2, 3))
    expect(typeOf(grown.node.inputs[1] as Output).shape).toEqual([2, 3])
  })

  it('says of a slice to the end of a dimension only that, whatever the batch size', () => {
    const sizesOf = (rows: number, begin: number[], size: number[]) => {
      const slice = simplify('Slice', [tensor(rows, 32, 3), intVector(begin), intVector(size)], T, type(...size))
      expect(slice.node.inputs[1]).toEqual(expect.objectContaining({ index: 0 }))
      expect(typeOf(slice).shape).toEqual(size)
      return [...(constantOf(slice.node.inputs[2] as Output)?.data ?? [])]
    }
    expect(sizesOf(5, [0, 0, 0], [5, 30, 3])).toEqual([-1, 30, -1])
    expect(sizesOf(7, [0, 0, 0], [7, 30, 3])).toEqual([-1, 30, -1])
    expect(sizesOf(5, [1, 2, 0], [2, 30, 1])).toEqual([2, -1, 1])
  })
})
