/** How sessions are opened: all of TensorFlow's passes over small graphs, the few that pay over large ones, none over plain ones. */
import { expect, it } from 'vitest'
import { onCallingThread, onThreads } from '../../../layers/core/graph/session-config.ts'

const megabyte = 1024 ** 2
const graph = (operation: string, bytes: number) => ({ operations: ['Const', operation], bytes })
const text = (config: Uint8Array): string => Buffer.from(config).toString('latin1')

it.each([
  ['onCallingThread', onCallingThread],
  ['onThreads', (facts: Parameters<typeof onCallingThread>[0]) => onThreads(2, facts)],
])('%s names passes for a large graph alone', (_, config) => {
  expect(text(config(graph('Einsum', 9 * megabyte)))).toMatch(/remap.*dependency/s)
  expect(text(config(graph('Einsum', megabyte)))).not.toContain('remap')
})

it('takes no pass over plain graphs on the calling thread, however large', () => {
  expect(text(onCallingThread(graph('MatMul', 9 * megabyte)))).not.toContain('remap')
  expect(onCallingThread(graph('MatMul', megabyte))).not.toEqual(onCallingThread(graph('Einsum', megabyte)))
})
