import { augmentBatch } from '@maas/core/train'
import { describe, expect, it } from 'vitest'

const side = 8
/** Every pixel says its row (red) and column (green). */
const image = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
  const pixel = Math.floor(i / 3)
  return i % 3 === 0 ? Math.floor(pixel / side) : i % 3 === 1 ? pixel % side : 9
})
const batch = { features: image, targets: Int32Array.of(3), rows: 1, rowShape: [side, side, 3] }
const numbers = (...values: number[]) => {
  let at = 0
  return () => values[at++ % values.length] as number
}
const pixel = (features: ArrayLike<number>, y: number, x: number) =>
  [0, 1, 2].map((c) => features[(y * side + x) * 3 + c])

describe('augmentation', () => {
  it('leaves an image alone when the draw says neither mirror nor move', () => {
    expect(augmentBatch(batch, numbers(0.5, 0.5, 0.5)).features).toEqual(image)
  })

  it('mirrors left to right', () => {
    const { features } = augmentBatch(batch, numbers(0.4, 0.5, 0.5))
    expect(pixel(features, 2, 0)).toEqual([2, 7, 9])
    expect(pixel(features, 2, 7)).toEqual([2, 0, 9])
  })

  it('moves by at most an eighth and repeats the edge', () => {
    const { features } = augmentBatch(batch, numbers(0.9, 0.999, 0.999))
    expect(pixel(features, 0, 0)).toEqual([0, 0, 9])
    expect(pixel(features, 1, 1)).toEqual([0, 0, 9])
    expect(pixel(features, 7, 7)).toEqual([6, 6, 9])
  })

  it('leaves the batch it was given unchanged, targets included', () => {
    const before = image.slice()
    const { targets, features } = augmentBatch(batch, numbers(0.1, 0.9, 0.1))
    expect(image).toEqual(before)
    expect(features).not.toEqual(before)
    expect(targets).toEqual(Int32Array.of(3))
  })
})
