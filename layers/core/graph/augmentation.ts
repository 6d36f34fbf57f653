/** Image augmentation inside the step: each image is mirrored and moved a little, so that a net meets it differently every epoch. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Kernels } from '../kernels/index.ts'
import type { RandomSource } from './randomness.ts'

/** Share of the image's side that it may move, either way. */
const shift = 1 / 8

/**
 * Every image mirrored left to right half of the time and moved by up to an eighth of its side, in whole pixels; the
 * edge pixels fill what the move uncovers. Values are copied, never mixed.
 *
 * @param images `[rows, height, width, channels]`
 * @param source asked for three columns of `rows` numbers: mirror, down, right
 */
export function augmentImages(tf: Kernels['tf'], images: Tensor4D, source: Pick<RandomSource, 'uniform'>): Tensor4D {
  const [rows, height, width, channels] = images.shape
  const draw = (): Tensor => source.uniform([rows, 1])
  const mirrored = tf.cast(tf.less(draw(), 0.5), 'float32')
  const sourceRow = clamp(tf, tf.sub(positions(tf, height), offsets(tf, draw(), height)), height)
  const moved = clamp(tf, tf.sub(positions(tf, width), offsets(tf, draw(), width)), width)
  // `width - 1 - moved` where mirrored, `moved` elsewhere.
  const sourceColumn = tf.add(tf.mul(mirrored, width - 1), tf.mul(moved, tf.sub(1, tf.mul(mirrored, 2))))
  const pixels = tf.add(
    tf.mul(tf.reshape(sourceRow, [rows, height, 1]), width),
    tf.reshape(sourceColumn, [rows, 1, width]),
  )
  const firsts: Tensor = tf.mul(tf.cast(rowNumbers(tf, mirrored), 'int32'), tf.scalar(height * width, 'int32'))
  const indices: Tensor = tf.add(tf.cast(tf.reshape(pixels, [rows, height * width]), 'int32'), firsts)
  const flat: Tensor = tf.reshape(images, [-1, channels])
  return tf.reshape(tf.gather(flat, tf.reshape(indices, [-1])), [rows, height, width, channels])
}

/**
 * 0, 1, … as a column beside one that was drawn: a range would be a constant of the record, which holds for one batch
 * size. One gather within each row is no way round it: that of the WASM backend takes wrong values from the second row on.
 */
const rowNumbers = (tf: Kernels['tf'], column: Tensor): Tensor => tf.cumsum(tf.add(tf.mul(column, 0), 1), 0, true)

const positions = (tf: Kernels['tf'], side: number): Tensor => tf.reshape(tf.range(0, side), [1, side])

/** Whole pixels from fractions: 0.5 is no move. */
const offsets = (tf: Kernels['tf'], fractions: Tensor, side: number): Tensor =>
  tf.floor(tf.add(tf.mul(tf.sub(tf.mul(fractions, 2), 1), side * shift), 0.5))

const clamp = (tf: Kernels['tf'], values: Tensor, side: number): Tensor => tf.clipByValue(values, 0, side - 1)
