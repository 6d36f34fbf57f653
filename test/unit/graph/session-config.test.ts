/** How sessions are opened: all of TensorFlow's passes over small graphs, the few that pay over large ones. */
import { expect, it } from 'vitest'
import { onCallingThread, onThreads } from '../../../layers/core/graph/session-config.ts'

const [small, large] = [new Uint8Array(1000), new Uint8Array(9 * 1024 ** 2)]

it.each([
  ['onCallingThread', onCallingThread],
  ['onThreads', (graph: Uint8Array) => onThreads(2, graph)],
])('%s names passes for a large graph alone', (_, config) => {
  expect(Buffer.from(config(large)).toString('latin1')).toContain('remap')
  expect(Buffer.from(config(small)).toString('latin1')).not.toContain('remap')
})
