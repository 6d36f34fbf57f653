/** Image augmentation on raw rows: each image may be mirrored and moved a little, so the net meets it differently every epoch. */
import type { Batch } from './types.ts'

/** Share of the image's side that it may move, either way. */
const SHIFT = 1 / 8

const clamp = (value: number, last: number): number => Math.max(0, Math.min(value, last))

/**
 * A copy of the batch with every image mirrored left to right half of the time and moved by up to an eighth of its side;
 * the edge pixels fill what the move uncovers. Rows must be `[height, width, channels]`.
 */
export const augmentBatch = (batch: Batch, random: () => number): Batch => {
  const [height = 0, width = 0, channels = 0] = batch.rowShape
  const from = batch.features
  const to = from.slice()
  const stride = width * channels
  const columns = new Int32Array(width)
  for (let row = 0; row < batch.rows; row++) {
    const flip = random() < 0.5
    const down = Math.round((random() * 2 - 1) * height * SHIFT)
    const right = Math.round((random() * 2 - 1) * width * SHIFT)
    for (let x = 0; x < width; x++) {
      const moved = clamp(x - right, width - 1)
      columns[x] = (flip ? width - 1 - moved : moved) * channels
    }
    const start = row * height * stride
    for (let y = 0; y < height; y++) {
      const source = start + clamp(y - down, height - 1) * stride
      let target = start + y * stride
      for (let x = 0; x < width; x++) {
        const pixel = source + (columns[x] as number)
        for (let c = 0; c < channels; c++) to[target++] = from[pixel + c] as number
      }
    }
  }
  return { ...batch, features: to }
}
