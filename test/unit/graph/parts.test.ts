/** Parts of a step: where they pay, and what is done once for all of them. */
import { expect, it } from 'vitest'
import {
  type GraphNode,
  inOrder,
  intScalar,
  makeOutput,
  type Output,
  placeholder,
} from '../../../layers/core/graph/ir.ts'
import { inParts, partsFor } from '../../../layers/core/graph/parts.ts'

const rows = intScalar(32)
const pictures = { dtype: 'float32', shape: [-1, 32, 32, 8] } as const
const x = placeholder('x', pictures)
const w = placeholder('w', { dtype: 'float32', shape: [8] })
const unary = (op: string, input: Output, type: Parameters<typeof makeOutput>[3] = pictures) =>
  makeOutput(op, [input], { T: { type: 'float32' } }, type)
const count = (roots: readonly Output[], op: string) =>
  inOrder(roots.map(({ node }) => node)).filter((node: GraphNode) => node.op === op).length

it('are as many as threads where batch and work are large enough, else one', () => {
  const heavy = [unary('Relu', unary('Tanh', unary('Sigmoid', x)))]
  expect(partsFor(heavy, 32, 1000, 2)).toBe(2)
  expect(partsFor(heavy, 32, 1000, 4)).toBe(4)
  expect(partsFor(heavy, 32, 1000, 8)).toBe(1)
  expect(partsFor(heavy, 32, 1000, 1)).toBe(1)
  expect(partsFor(heavy, 32, 1_000_000, 2)).toBe(1)
  expect(partsFor([unary('Relu', placeholder('small', { dtype: 'float32', shape: [-1, 8] }))], 32, 10, 2)).toBe(1)
})

it('share what does not depend on the rows, and random numbers', () => {
  const drawn = unary('StatelessRandomUniform', rows, pictures)
  const random = makeOutput('StatelessRandomUniform', [unary('Shape', x, { dtype: 'int32', shape: [4] })], {}, pictures)
  const weight = unary('Exp', w, { dtype: 'float32', shape: [8] })
  const y = makeOutput('AddN', [unary('Relu', x), weight, random, drawn], {}, pictures)
  const split = inParts([y], [x], rows, 3)
  const roots = split?.roots.flat() ?? []
  expect(roots).toHaveLength(3)
  expect(['Relu', 'AddN', 'Exp', 'StatelessRandomUniform'].map((op) => count(roots, op))).toEqual([3, 3, 1, 2])
})

it('are refused where random numbers are not drawn row by row', () => {
  const flat = { dtype: 'float32', shape: [10] } as const
  const random = makeOutput('StatelessRandomUniform', [unary('Shape', x, { dtype: 'int32', shape: [4] })], {}, flat)
  expect(inParts([makeOutput('Mul', [x, random], {}, pictures)], [x], rows, 2)).toBeUndefined()
})
