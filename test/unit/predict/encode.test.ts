import { encodePredictions, rank, type ServedModel } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'

const float = (shape: number[], ...data: number[]) => ({
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(data),
})

describe('encodePredictions', () => {
  it('leaves out the name of an only output', () => {
    const outputs = { y: float([2, 2], 1, 2, 3, 4) }
    expect(encodePredictions(outputs, 'row')).toEqual({
      predictions: [
        [1, 2],
        [3, 4],
      ],
    })
    expect(encodePredictions(outputs, 'column')).toEqual({
      outputs: [
        [1, 2],
        [3, 4],
      ],
    })
  })

  it('names several outputs, in rows and in columns', () => {
    const outputs = { y: float([2, 1], 1, 2), z: float([2], 3, 4) }
    expect(encodePredictions(outputs, 'row')).toEqual({
      predictions: [
        { y: [1], z: 3 },
        { y: [2], z: 4 },
      ],
    })
    expect(encodePredictions(outputs, 'column')).toEqual({ outputs: { y: [[1], [2]], z: [3, 4] } })
  })

  it('keeps every float32 exactly', () => {
    const values = [0.1, 1 / 3, 1e-40, -0, 3.4028234663852886e38].map(Math.fround)
    const { predictions } = encodePredictions({ y: float([values.length], ...values) }, 'row')
    const back = JSON.parse(JSON.stringify(predictions)) as number[]
    expect(back.map(Math.fround)).toEqual(values.map((value) => value + 0))
  })

  it('writes bools as bools, and bytes as base64', () => {
    expect(encodePredictions({ y: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) } }, 'row')).toEqual({
      predictions: [true, false],
    })
    expect(encodePredictions({ thumb_bytes: { dtype: 'string', shape: [1], data: ['hi'] } }, 'row')).toEqual({
      predictions: [{ b64: 'aGk=' }],
    })
  })

  it('refuses NaN and Infinity, naming output and example', () => {
    expect(() => encodePredictions({ y: float([2, 2], 1, 2, Number.NaN, 4) }, 'row')).toThrow(
      'The model answers NaN in "y" for example 1',
    )
    expect(() => encodePredictions({ y: float([1], Number.POSITIVE_INFINITY) }, 'column')).toThrow('Infinity')
  })
})

describe('rank', () => {
  const model = (labels: string[]): ServedModel => ({ name: 'm', labels }) as unknown as ServedModel

  it('sorts labels by score, for each example', () => {
    const outputs = { y: float([2, 3], 0.25, 0.5, 0.125, 1, 0, 0) }
    expect(rank({ model: model(['a', 'b', 'c']), outputs })).toEqual([
      [
        ['b', 0.5],
        ['a', 0.25],
        ['c', 0.125],
      ],
      [
        ['a', 1],
        ['b', 0],
        ['c', 0],
      ],
    ])
  })

  it('goes by number without labels, and by both classes for a single score', () => {
    expect(rank({ model: model([]), outputs: { y: float([1, 2], 0, 1) } })).toEqual([
      [
        ['1', 1],
        ['0', 0],
      ],
    ])
    expect(rank({ model: model(['no', 'yes']), outputs: { y: float([1, 1], 0.75) } })).toEqual([
      [
        ['yes', 0.75],
        ['no', 0.25],
      ],
    ])
  })

  it('refuses what is no classifier', () => {
    expect(() => rank({ model: model([]), outputs: { y: float([1, 1], 5) } })).toThrow('"m" is not a classifier')
    expect(() => rank({ model: model([]), outputs: { y: float([1, 2], 5, 6), z: float([1, 2], 5, 6) } })).toThrow(
      'Use :predict',
    )
  })
})
