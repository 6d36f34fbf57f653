/** Draws a small set of ten kinds of shapes: something to train on where there is no data yet, the same on every machine. */
import sharp from 'sharp'
import { InvalidInputError } from '../errors.ts'
import { createPace, type OnProgress } from './pace.ts'
import { mixSeed, randomNumbers } from './random.ts'
import { insideOf, type ShapeName, shapeNames } from './shape-figures.ts'
import type { ArchiveFile } from './zip-writer.ts'

export interface ShapesOptions {
  readonly seed: number
  /** Images to train on, over all ten classes. */
  readonly train: number
  readonly test: number
  /** Pixels of both sides. */
  readonly size: number
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

/** Points per pixel and direction; their mean softens the edges. */
const samples = 2
/** Images that are being encoded at once. */
const parallelEncodes = 16

type Colour = readonly [number, number, number]

/**
 * @returns JPEG files named `train/CLASS/0000.jpg` and `test/CLASS/0000.jpg`, classes taking turns; `writeImageFolderZip` packs them
 */
export async function generateShapes(options: ShapesOptions): Promise<ArchiveFile[]> {
  const { seed, size, train, test } = options
  if (!Number.isInteger(size) || size < 8 || size > 1024) {
    throw new InvalidInputError(`The size of shapes is ${size}; a whole number of pixels from 8 to 1024 is needed.`)
  }
  const pace = createPace(options)
  const files: ArchiveFile[] = []
  for (const [part, images] of [
    ['train', train],
    ['test', test],
  ] as const) {
    for (let first = 0; first < images; first += parallelEncodes) {
      const indices = Array.from({ length: Math.min(parallelEncodes, images - first) }, (_, index) => first + index)
      const encoded = await Promise.all(
        indices.map(async (index): Promise<ArchiveFile> => {
          const name = shapeNames[index % shapeNames.length] as ShapeName
          const number = String(Math.floor(index / shapeNames.length)).padStart(4, '0')
          const pixels = drawShape(name, size, mixSeed(seed, part === 'train' ? 1 : 2, index))
          return { path: `${part}/${name}/${number}.jpg`, bytes: await toJpeg(pixels, size) }
        }),
      )
      files.push(...encoded)
      await pace.breathe(files.length, train + test)
    }
  }
  return files
}

/**
 * One image of random place, size, turn, colours and noise.
 *
 * @returns `[size, size, 3]`
 */
export function drawShape(name: ShapeName, size: number, seed: number): Uint8Array {
  const next = randomNumbers(seed)
  const between = (low: number, high: number) => low + (high - low) * next()
  const [figure, ground, far] = pickColours(next)
  const scale = 1 / between(0.55, 0.95)
  const turn = between(-0.4, 0.4)
  const [cos, sin] = [Math.cos(turn) * scale, Math.sin(turn) * scale]
  const [left, top] = [between(-0.2, 0.2), between(-0.2, 0.2)]
  const squeeze = between(0.8, 1.25)
  const noise = between(2, 20)
  const inside = insideOf(name, next)
  const slope = between(0, 2 * Math.PI)
  const [across, down] = [Math.cos(slope) / 2, Math.sin(slope) / 2]
  const pixels = new Uint8Array(size * size * 3)
  const step = 2 / (size * samples)
  for (let row = 0, at = 0; row < size; row++) {
    for (let column = 0; column < size; column++, at += 3) {
      let covered = 0
      for (let sample = 0; sample < samples * samples; sample++) {
        const x = -1 + (column * samples + (sample % samples) + 0.5) * step - left
        const y = -1 + (row * samples + Math.floor(sample / samples) + 0.5) * step - top
        if (inside(x * cos - y * sin, (x * sin + y * cos) * squeeze)) covered += 1
      }
      const share = covered / (samples * samples)
      const shade = 0.5 + ((2 * column) / size - 1) * across + ((2 * row) / size - 1) * down
      for (let channel = 0; channel < 3; channel++) {
        const back = (ground[channel] as number) * (1 - shade) + (far[channel] as number) * shade
        const value = back * (1 - share) + (figure[channel] as number) * share + (next() + next() - 1) * noise
        pixels[at + channel] = Math.max(0, Math.min(255, Math.round(value)))
      }
    }
  }
  return pixels
}

/** A light figure on a dark ground that shades into another dark colour; hues are free. */
function pickColours(next: () => number): readonly [Colour, Colour, Colour] {
  const colour = (low: number, high: number): Colour => {
    const any: Colour = [next(), next(), next()]
    const light = low + (high - low) * next()
    const scale = light / (0.299 * any[0] + 0.587 * any[1] + 0.114 * any[2] + 0.05)
    return [any[0] * scale, any[1] * scale, any[2] * scale]
  }
  return [colour(120, 220), colour(20, 90), colour(20, 90)]
}

const toJpeg = (pixels: Uint8Array, size: number): Promise<Buffer> =>
  sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer()
