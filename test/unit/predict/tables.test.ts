import type { NamedTensors, Preprocess, TensorSpec } from '@maas/core/contract'
import { parseNpy } from '@maas/core/data/npy'
import { readCsv, readNpy, type ServedModel, writeCsv, writeNpy } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'

const modelOf = (
  input: Pick<TensorSpec, 'dtype' | 'shape'>,
  more: { readonly preprocess?: Preprocess; readonly outputs?: TensorSpec[]; readonly inputs?: TensorSpec[] } = {},
): ServedModel => ({
  name: 'm',
  version: 1,
  labels: [],
  bytes: 1,
  preprocess: more.preprocess ?? { kind: 'tensor' },
  signature: {
    inputs: more.inputs ?? [{ name: 'x', ...input }],
    outputs: more.outputs ?? [{ name: 'y', dtype: 'float32', shape: [-1, 2] }],
  },
})

const points = modelOf({ dtype: 'float32', shape: [-1, 2] })
const read = async (text: string, model = points) => (await readCsv(Buffer.from(text), 3))(model)

const house: Preprocess = {
  kind: 'tabular',
  columns: [
    { name: 'rooms', type: 'number', mean: 3, std: 1 },
    { name: 'city', type: 'category', values: ['Rome, old', 'Oslo'] },
  ],
}
const houses = modelOf({ dtype: 'float32', shape: [-1, 3] }, { preprocess: house })

describe('CSV in', () => {
  it('is one example a line, with or without an end of the last', async () => {
    const tensors = { x: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2.5, -3, 1e3) } }
    expect(await read('1,2.5\n-3,1e3\n')).toEqual({ kind: 'tensors', tensors })
    expect(await read('\ufeff1, 2.5\r\n-3,1e3')).toEqual({ kind: 'tensors', tensors })
  })

  it('fills the shape of the input row-major, one open size from the length of a line', async () => {
    const grid = modelOf({ dtype: 'int32', shape: [-1, -1, 2] })
    expect(await read('1,2,3,4', grid)).toMatchObject({
      tensors: { x: { shape: [1, 2, 2], data: Int32Array.of(1, 2, 3, 4) } },
    })
  })

  it('takes the columns of a table in their order, or by a line with their names', async () => {
    const rows = [{ rooms: '4', city: 'Rome, old' }]
    expect(await read('4,"Rome, old"', houses)).toEqual({ kind: 'rows', rows })
    expect(await read('city,rooms\n"Rome, old",4', houses)).toEqual({ kind: 'rows', rows })
  })

  it.each([
    ['', 'is empty'],
    ['a,b\n1,2', 'line 1 column 1: got "a"'],
    ['1,2\n1,', 'line 2 column 2: got ""'],
    ['1,2\n1,2,3', 'line 2 has 3 values; line 1 has 2'],
    ['1,2,3', 'line 1 has 3 values'],
    ['1,1e999', 'finite'],
    ['1,2\n1,2\n1,2\n1,2', 'more than 3 lines'],
  ])('%j is refused: %s', async (text, words) => {
    await expect(read(text)).rejects.toThrow(words)
  })

  it('refuses what a whole number cannot hold, several inputs, and too few columns of a table', async () => {
    await expect(read('1.5', modelOf({ dtype: 'int32', shape: [-1, 1] }))).rejects.toThrow('1.5')
    const two = (['a', 'b'] as const).map((name) => ({ name, dtype: 'float32' as const, shape: [-1, 1] }))
    await expect(read('1', modelOf(two[0] as TensorSpec, { inputs: two }))).rejects.toThrow('"a", "b"')
    await expect(read('4', houses)).rejects.toThrow('rooms, city')
  })
})

describe('a NumPy array', () => {
  const array = (data: Float32Array | Int32Array | Uint8Array, shape: number[]): Uint8Array => {
    const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'uint8'
    return writeNpy({ y: { dtype, shape, data } } as NamedTensors, points)
  }

  it('is written as NumPy reads it: values from a multiple of 64, shape and type as they were', () => {
    const bytes = array(Float32Array.of(1, 2, 3, 4), [2, 2])
    expect((bytes.length - 16) % 64).toBe(0)
    expect(parseNpy('y', bytes)).toMatchObject({ shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) })
    expect(parseNpy('y', array(Int32Array.of(7), [1]))).toMatchObject({ shape: [1], values: Int32Array.of(7) })
  })

  it('becomes the input, whole numbers and bytes as float32', () => {
    const wanted = { tensors: { x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) } } }
    expect(readNpy(array(Uint8Array.of(1, 2), [1, 2]), points, 3)).toMatchObject(wanted)
    expect(readNpy(array(Int32Array.of(1, 2), [1, 2]), points, 3)).toMatchObject(wanted)
  })

  it('is refused without rows, with too many, with values that do not fit, and when it is none', () => {
    expect(() => readNpy(array(Float32Array.of(), [0, 2]), points, 3)).toThrow('no rows')
    expect(() => readNpy(array(new Float32Array(8), [4, 2]), points, 3)).toThrow('4 rows')
    expect(() => readNpy(array(Float32Array.of(1, Number.NaN), [1, 2]), points, 3)).toThrow('position 1')
    const whole = modelOf({ dtype: 'int32', shape: [-1, 2] })
    expect(() => readNpy(array(Float32Array.of(1, 1.5), [1, 2]), whole, 3)).toThrow('position 1')
    expect(() => readNpy(Buffer.from('[[1, 2]]'), points, 3)).toThrow('not a NumPy array')
  })
})

describe('answers', () => {
  const outputs = { y: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(0.5, 2, -1, 0) } } as const

  it('as CSV are one line for each example', () => {
    expect(Buffer.from(writeCsv(outputs, points)).toString()).toBe('0.5,2\n-1,0\n')
  })

  it('of several outputs need JSON', () => {
    const specs = (['a', 'b'] as const).map((name) => ({ name, dtype: 'float32' as const, shape: [-1, 1] }))
    const two = modelOf({ dtype: 'float32', shape: [-1, 1] }, { outputs: specs })
    expect(() => writeCsv(outputs, two)).toThrow('application/json')
    expect(() => writeNpy(outputs, two)).toThrow('application/json')
  })
})
