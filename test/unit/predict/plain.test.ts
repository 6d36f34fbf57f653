import { plainStart, readPlain, type ServedModel } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'

const model: ServedModel = {
  name: 'm',
  version: 1,
  labels: [],
  bytes: 1,
  preprocess: { kind: 'tensor' },
  signature: {
    inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
  },
}
const read = (text: string, maxRows = 10) =>
  readPlain({ kind: 'plain', body: Buffer.from(text), start: 0, maxRows }, model, undefined)

describe('a body of numbers', () => {
  it.each([
    ['{"instances":[[1,2]]}', 'row', 13],
    [' { "inputs" : [ [ -1, 2] ] }', 'column', 14],
    ['{"instances":[1]}', 'row', 13],
  ] as const)('is known by its beginning: %s', (text, form, start) => {
    expect(plainStart(Buffer.from(text))).toEqual({ form, start })
  })

  it.each([
    '{"instances":[{"b64":"aaa"}]}',
    '{"instances":[["a"]]}',
    '{"instances":{"x":[1]}}',
    '{"signature_name":"s","instances":[[1]]}',
    '{"instances":[[true]]}',
    '',
    '[1]',
  ])('is not taken for one: %s', (text) => {
    expect(plainStart(Buffer.from(text))).toBeUndefined()
  })

  it('is decoded as any request where the native reader is not there', () => {
    const { tensors } = read('{"instances":[[1,2],[3,4.5]]}') as Extract<ReturnType<typeof read>, { kind: 'tensors' }>
    expect(tensors.x).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4.5) })
  })

  it.each([
    ['{"instances":[[1,2]', 'invalid_input'],
    ['{"instances":[[1]]}', 'invalid_input'],
    ['{"instances":[[1,2]],"inputs":[[1,2]]}', 'invalid_input'],
    ['{"instances":[[1,2],[1,2],[1,2]]}', 'too_large'],
  ])('is refused when it is wrong: %s', (text, code) => {
    expect(() => read(text, 2)).toThrow(expect.objectContaining({ code }))
  })
})
