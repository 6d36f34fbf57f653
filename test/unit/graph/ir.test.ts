import { describe, expect, it } from 'vitest'
import { floatScalar, inOrder, makeNode, makeOutput } from '../../../layers/core/graph/ir.ts'

describe('inOrder', () => {
  it('puts each node after its inputs and controls, once', () => {
    const a = floatScalar(1)
    const before = makeNode('NoOp', [], {}, [])
    const b = makeOutput('Neg', [a], {}, { dtype: 'float32', shape: [] }, { controls: [before] })
    const c = makeOutput('Add', [b, a], {}, { dtype: 'float32', shape: [] })
    expect(inOrder([c.node, b.node])).toEqual([a.node, before, b.node, c.node])
  })

  it('walks chains far longer than a call stack', () => {
    let chain = floatScalar(1)
    for (let length = 0; length < 100_000; length++) {
      chain = makeOutput('Neg', [chain], {}, { dtype: 'float32', shape: [] })
    }
    expect(inOrder([chain.node])).toHaveLength(100_001)
  })
})
