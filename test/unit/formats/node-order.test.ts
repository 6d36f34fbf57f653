/** Layers that are used several times: their calls are listed as tfjs makes them, and named accordingly. */
import { expect, it } from 'vitest'
import { orderNodes } from '../../../layers/core/formats/node-order.ts'

const layer = (name: string, ...inbound_nodes: unknown[][]) => ({
  name,
  class_name: name === 'x' ? 'InputLayer' : 'Dense',
  config: {},
  inbound_nodes,
})
const from = (name: string, node = 0) => [name, node, 0, {}]
const model = (layers: unknown[], ...output_layers: unknown[]) => ({
  class_name: 'Model',
  config: { layers, input_layers: [['x', 0, 0]], output_layers },
})

/** a(b(x)), b(a(x)): a comes first, and can make only its second call at once. */
const crossed = () =>
  model(
    [layer('x'), layer('a', [from('b')], [from('x')]), layer('b', [from('x')], [from('a', 1)])],
    ['a', 0, 0],
    ['b', 1, 0],
  )

it('lists first the call that can be made first, and names it so wherever its answer is asked for', () => {
  const topology = crossed()
  orderNodes(topology)
  expect(topology).toEqual(
    model(
      [layer('x'), layer('a', [from('x')], [from('b')]), layer('b', [from('x')], [from('a')])],
      ['a', 1, 0],
      ['b', 1, 0],
    ),
  )
})

it('leaves alone what is in order, and what can never be made', () => {
  const inOrder = () => model([layer('x'), layer('a', [from('x')], [from('a')])], ['a', 1, 0])
  const endless = () => model([layer('x'), layer('a', [from('b')]), layer('b', [from('a')])], ['a', 0, 0])
  for (const make of [inOrder, endless]) {
    const topology = make()
    orderNodes(topology)
    expect(topology).toEqual(make())
  }
})

it('does so in nested models, whose own making is their call 0, and in wrapped ones', () => {
  const inner = { ...crossed(), name: 'inner', inbound_nodes: [[from('a')], [from('x')]] }
  const wrapped = {
    name: 'td',
    class_name: 'TimeDistributed',
    config: { layer: crossed() },
    inbound_nodes: [[from('x')]],
  }
  const outer = model([layer('x'), inner, layer('a', [from('inner', 2)]), wrapped], ['inner', 1, 0])
  orderNodes(outer)
  const ordered = crossed()
  orderNodes(ordered)
  const [, again, a, td] = outer.config.layers as [unknown, typeof inner, ReturnType<typeof layer>, typeof wrapped]
  expect(again.config).toEqual(ordered.config)
  expect(td.config.layer).toEqual(ordered)
  expect(again.inbound_nodes).toEqual([[from('x')], [from('a')]])
  expect(a.inbound_nodes).toEqual([[from('inner', 1)]])
  expect(outer.config.output_layers).toEqual([['inner', 2, 0]])
})
