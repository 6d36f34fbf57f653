/** What a session is told: TensorFlow rewrites a graph before its first run, unless there is nothing in it to rewrite. */
import { expect, it } from 'vitest'
import { onCallingThread } from '../../../layers/core/graph/session-config.ts'
import { readFields } from '../../../layers/core/protobuf.ts'

/** `graph_options.rewrite_options.disable_meta_optimizer` of a ConfigProto: fields 10, 10 and 19. */
const isRewritten = (operations: readonly string[]): boolean => {
  const inside = (bytes: Uint8Array): Uint8Array | undefined =>
    [...readFields(bytes)].find(({ number }) => number === 10)?.bytes
  const options = inside(onCallingThread({ operations, bytes: 1000 }))
  const rewriting = options && inside(options)
  return rewriting === undefined || ![...readFields(rewriting)].some(({ number }) => number === 19)
}

it('leaves a plain net alone, and lets everything else be rewritten', () => {
  expect(isRewritten(['Placeholder', '_FusedConv2D', 'MaxPool', 'Reshape', 'MatMul', 'Softmax', 'Const'])).toBe(false)
  expect(isRewritten(['Placeholder', 'Conv2D', 'FusedBatchNormV3'])).toBe(true)
  expect(isRewritten(['Placeholder', 'DepthwiseConv2dNative', 'BiasAdd'])).toBe(true)
})
