import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { writeSavedModel } from '../../../layers/core/graph/graphdef.ts'
import {
  constant,
  first,
  floatScalar,
  intVector,
  makeNode,
  makeOutput,
  placeholder,
} from '../../../layers/core/graph/ir.ts'
import { readSavedModel } from '../../../layers/core/graph/saved-model.ts'

/** Google's own decoder, as tfjs-node ships it. */
const { SavedModel } = createRequire(import.meta.url)('@tensorflow/tfjs-node/dist/proto/api_pb.js')

interface DecodedNode {
  name: string
  op: string
  inputList: string[]
  attrMap: [string, Record<string, unknown>][]
}

function decode(file: Uint8Array): { nodes: DecodedNode[]; meta: Record<string, unknown> } {
  const meta = SavedModel.deserializeBinary(file).toObject().metaGraphsList[0]
  return { nodes: meta.graphDef.nodeList, meta }
}

const attr = (node: DecodedNode | undefined, name: string): Record<string, unknown> =>
  new Map(node?.attrMap).get(name) ?? {}

function example(): Uint8Array {
  const x = placeholder('x', { dtype: 'float32', shape: [-1, 3] })
  const weights = constant({ dtype: 'float32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) })
  const full = constant({ dtype: 'float32', shape: [100, 100], data: Float32Array.of(0.5) })
  const product = makeOutput(
    'MatMul',
    [x, weights],
    { T: { type: 'float32' }, transpose_a: { bool: false }, transpose_b: { bool: true } },
    { dtype: 'float32', shape: [-1, 2] },
  )
  const effect = makeNode('NoOp', [], {}, [], { name: 'effect', controls: [full.node] })
  const y = makeOutput(
    'Identity',
    [product],
    { T: { type: 'float32' } },
    { dtype: 'float32', shape: [-1, 2] },
    {
      name: 'y',
      controls: [effect],
    },
  )
  const strided = makeNode(
    'Other',
    [intVector([7])],
    { ints: { ints: [1, -1] }, text: { string: 'SAME' }, rate: { float: 0.25 }, size: { shape: [2, -1] } },
    [],
  )
  return writeSavedModel({ inputs: { input: x }, outputs: { output: y }, roots: [strided] })
}

describe('writeSavedModel', () => {
  it("writes nodes that Google's decoder reads back, each after what it consumes", () => {
    const { nodes } = decode(example())
    expect(nodes.map((node) => node.op)).toEqual([
      'Placeholder',
      'Const',
      'MatMul',
      'Const',
      'NoOp',
      'Identity',
      'Const',
      'Other',
    ])
    expect(nodes.find((node) => node.op === 'MatMul')?.inputList).toEqual(['x:0', 'Const_0:0'])
    expect(nodes.find((node) => node.name === 'y')?.inputList).toEqual(['MatMul_0:0', '^effect'])
  })

  it('writes every kind of attribute', () => {
    const { nodes } = decode(example())
    const matMul = nodes.find((node) => node.op === 'MatMul')
    expect(attr(matMul, 'T').type).toBe(1)
    expect(attr(matMul, 'transpose_b').b).toBe(true)
    const other = nodes.find((node) => node.op === 'Other')
    expect(attr(other, 'ints')).toMatchObject({ list: { iList: [1, -1] } })
    expect(attr(other, 'rate').f).toBe(0.25)
    expect(attr(other, 'text').s).toBe(Buffer.from('SAME').toString('base64'))
    expect(attr(other, 'size')).toMatchObject({ shape: { dimList: [{ size: 2 }, { size: -1 }] } })
  })

  it('writes constants whole, and those full of one value as that value', () => {
    const { nodes } = decode(example())
    const [weights, full] = nodes.filter((node) => node.op === 'Const')
    const content = Buffer.from((attr(weights, 'value').tensor as { tensorContent: string }).tensorContent, 'base64')
    expect([...new Float32Array(new Uint8Array(content).buffer)]).toEqual([1, 2, 3, 4, 5, 6])
    expect(attr(full, 'value').tensor).toMatchObject({ floatValList: [0.5], tensorContent: '' })
  })

  it('leaves out what nothing needs', () => {
    const used = floatScalar(1)
    makeOutput('Neg', [used], { T: { type: 'float32' } }, { dtype: 'float32', shape: [] })
    const { nodes } = decode(writeSavedModel({ inputs: {}, outputs: { used } }))
    expect(nodes).toHaveLength(1)
  })

  it('refuses two nodes of one name', () => {
    const twins = [1, 2].map(() => first(makeNode('NoOp', [], {}, [{ dtype: 'float32', shape: [] }], { name: 'twin' })))
    expect(() => writeSavedModel({ inputs: {}, outputs: { a: twins[0] as never, b: twins[1] as never } })).toThrow(
      /twin/,
    )
  })
})

describe('readSavedModel', () => {
  it('reads names, types, shapes and operations of what was written', () => {
    const summary = readSavedModel(example())
    expect(summary.inputs).toEqual({ input: { tensor: 'x:0', dtype: 'float32', shape: [-1, 3] } })
    expect(summary.outputs).toEqual({ output: { tensor: 'y:0', dtype: 'float32', shape: [-1, 2] } })
    expect([...summary.operations].sort()).toEqual(['Const', 'Identity', 'MatMul', 'NoOp', 'Other', 'Placeholder'])
  })

  it('is refused over 2 GiB, which protobuf does not hold, before memory is taken for it', () => {
    const data = new Float32Array(2 ** 28)
    const sums = Array.from({ length: 2 }, (_, index) =>
      constant({ dtype: 'float32', shape: [2 ** 28], data }, `w${index}`),
    )
    const y = makeOutput(
      'AddN',
      sums,
      { T: { type: 'float32' }, N: { int: 2 } },
      { dtype: 'float32', shape: [2 ** 28] },
    )
    expect(() => writeSavedModel({ inputs: {}, outputs: { y } })).toThrow(/holds at most 2147483647\. The layers model/)
  })

  it('refuses a file without a signature', () => {
    expect(() => readSavedModel(new Uint8Array())).toThrow(/serving_default/)
  })
})
