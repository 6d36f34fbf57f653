/** Fusing: what becomes one operation, what stays apart, and what is not touched. */
import { expect, it } from 'vitest'
import { fuse } from '../../../layers/core/graph/fuse.ts'
import { constant, inOrder, makeOutput, type Output, placeholder } from '../../../layers/core/graph/ir.ts'

const float = { type: 'float32' } as const
const image = { dtype: 'float32', shape: [-1, 4, 4, 2] } as const
const full = (shape: readonly number[]) => constant({ dtype: 'float32', shape, data: Float32Array.of(1) })

const x = placeholder('x', image)
const convolution = (input: Output, format = 'NHWC', padding = 'SAME', depth = 2) => {
  const attrs = {
    T: float,
    strides: { ints: [1, 1, 1, 1] },
    padding: { string: padding },
    data_format: { string: format },
  }
  return makeOutput('Conv2D', [input, full([1, 1, depth, 2])], attrs, image)
}
const biased = (input: Output) => makeOutput('BiasAdd', [input, full([2])], { T: float }, image)
const unary = (op: string, input: Output) => makeOutput(op, [input], { T: float }, image)
const operations = (...outputs: Output[]) =>
  inOrder(fuse(outputs).map(({ node }) => node))
    .map(({ op }) => op)
    .filter((op) => op !== 'Const')

it('makes one operation of a convolution, its bias and its activation', () => {
  const [fused] = fuse([unary('Relu', biased(convolution(x)))])
  expect(fused?.node).toMatchObject({
    op: '_FusedConv2D',
    attrs: { fused_ops: { strings: ['BiasAdd', 'Relu'] }, padding: { string: 'SAME' }, num_args: { int: 1 } },
  })
  expect(fused?.node.inputs).toHaveLength(3)
  expect(fused?.node.inputs[0]?.node).toBe(x.node)
})

it('makes chains of them, and gives zeros for a bias that was left out', () => {
  const inner = unary('Relu6', convolution(x))
  const [outer] = fuse([biased(convolution(inner))])
  expect(outer?.node.attrs.fused_ops).toEqual({ strings: ['BiasAdd'] })
  const before = outer?.node.inputs[0]?.node
  expect(before).toMatchObject({ op: '_FusedConv2D', attrs: { fused_ops: { strings: ['BiasAdd', 'Relu6'] } } })
  expect(before?.inputs[2]?.node.attrs.value).toMatchObject({ tensor: { shape: [2], data: Float32Array.of(0, 0) } })
})

it('leaves apart what somebody else needs too', () => {
  const sum = biased(convolution(x))
  expect(operations(unary('Relu', sum), unary('Tanh', sum))).toEqual(['Placeholder', '_FusedConv2D', 'Relu', 'Tanh'])
  const bare = convolution(x)
  expect(operations(biased(bare), unary('Tanh', bare))).toEqual(['Placeholder', 'Conv2D', 'BiasAdd', 'Tanh'])
})

it('leaves what no kernel takes: other activations, channels first, groups, paddings of its own', () => {
  expect(operations(unary('Sigmoid', biased(convolution(x))))).toEqual(['Placeholder', '_FusedConv2D', 'Sigmoid'])
  const others = [convolution(x, 'NCHW'), convolution(x, 'NHWC', 'EXPLICIT'), convolution(x, 'NHWC', 'SAME', 1)]
  for (const other of others) expect(operations(biased(other))).toEqual(['Placeholder', 'Conv2D', 'BiasAdd'])
})
