import { describe, expect, it } from 'vitest'
import { type Feed, runGraph, type SessionSurface } from '../../../layers/core/graph/session.ts'
import { isAllowedOperation } from '../../../layers/core/kernels/allowed-operations.ts'

/** A native surface that counts its tensors and fails on demand. */
function fakeSurface(failing: 'create' | 'run' | 'read' | undefined) {
  const live = new Set<number>()
  let next = 0
  const make = () => {
    live.add(++next)
    return next
  }
  const fail = (when: typeof failing) => {
    if (failing === when) throw new Error(`cannot ${when}`)
  }
  const native: SessionSurface = {
    dtypes: { float32: 1, int32: 3, int64: 9, bool: 10, complex64: 8, string: 7, resource: 20, uint8: 4 },
    createTensor() {
      if (next === 1) fail('create')
      return make()
    },
    deleteTensor(id) {
      if (!live.delete(id)) throw new Error('deleted twice')
    },
    tensorDataSync() {
      fail('read')
      return Float32Array.of(1)
    },
    runSavedModel(_, __, ___, fetches) {
      fail('run')
      return fetches.map(() => ({ id: make(), shape: [1], dtype: 1 }))
    },
    loadSavedModel: () => 0,
    deleteSavedModel: () => undefined,
  }
  return { native, live }
}

const feed: Feed = { tensor: 'x:0', dtype: 'float32', shape: [1], data: Float32Array.of(1) }

describe('runGraph', () => {
  it('gives values in the order asked for and frees all tensors', () => {
    const { native, live } = fakeSurface(undefined)
    const results = runGraph(native, 0, [feed, feed], ['a:0', 'b:0'])
    expect(results.map(({ data }) => [...data])).toEqual([[1], [1]])
    expect(live.size).toBe(0)
  })

  it.each(['create', 'run', 'read'] as const)('frees all tensors when it cannot %s', (when) => {
    const { native, live } = fakeSurface(when)
    expect(() => runGraph(native, 0, [feed, feed], ['a:0'])).toThrow(`cannot ${when}`)
    expect(live.size).toBe(0)
  })
})

describe('isAllowedOperation', () => {
  it('knows computing from reaching outside', () => {
    expect(['Conv2D', 'MatMul', 'Const', 'Placeholder'].every(isAllowedOperation)).toBe(true)
    const reaching = ['ReadFile', 'WriteFile', 'PyFunc', 'SaveV2', 'RestoreV2', 'LoadLibrary', '']
    expect(reaching.filter(isAllowedOperation)).toEqual([])
  })
})
