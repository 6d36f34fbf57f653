import { loadKernels } from '@maas/core/kernels'
import { beforeAll, describe, expect, it } from 'vitest'
import { augmentImages } from '../../../layers/core/graph/augmentation.ts'
import type { Kernels } from '../../../layers/core/kernels/index.ts'
import { type Move, moveImage, moveOf, positions, rowShape } from '../../support/moved-images.ts'

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ prefer: 'wasm', announce: () => undefined })
})

/** The rows that `augmentImages` makes of equal images, given the numbers drawn for mirror, down and right. */
const augmented = (mirror: number[], down: number[], right: number[]): number[][] =>
  kernels.tf.tidy(() => {
    const { tf } = kernels
    const columns = [mirror, down, right]
    const source = { uniform: (shape: readonly number[]) => tf.tensor(columns.shift() ?? [], [...shape]) }
    const rows = mirror.map(() => positions)
    const images = tf.tensor(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, ...rowShape])
    const values = [...augmentImages(tf, images as never, source).dataSync()]
    return rows.map((row, index) => values.slice(index * row.length, (index + 1) * row.length))
  })

describe('augmentation', () => {
  it('leaves an image alone when the draw says neither mirror nor move', () => {
    expect(augmented([0.5], [0.5], [0.5])).toEqual([[...positions]])
  })

  it.each<[string, number[], Move]>([
    ['mirrors left to right', [0.49, 0.5, 0.5], { mirrored: true, down: 0, right: 0 }],
    ['moves up and right and repeats the edge', [0.9, 0, 0.999], { mirrored: false, down: -2, right: 2 }],
    ['moves by whole pixels', [0.9, 0.7, 0.3], { mirrored: false, down: 1, right: -1 }],
    ['moves before it mirrors', [0, 0.999, 0.999], { mirrored: true, down: 2, right: 2 }],
  ])('%s', (_, [mirror = 0, down = 0, right = 0], move) => {
    expect(augmented([mirror], [down], [right])).toEqual([moveImage(move)])
  })

  it('draws for each image of a batch', () => {
    const images = augmented([0.9, 0.1, 0.9], [0.5, 0.5, 0.999], [0.5, 0, 0.5])
    expect(images.map(moveOf)).toEqual([
      { mirrored: false, down: 0, right: 0 },
      { mirrored: true, down: 0, right: -2 },
      { mirrored: false, down: 2, right: 0 },
    ])
    expect(moveOf([...positions].reverse())).toBeUndefined()
  })
})
