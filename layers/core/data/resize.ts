/** Resizes pixels exactly as Pillow does (`Image.resize`), so that a number here is the number there; without antialiasing it is TensorFlow's `tf.image.resize`. */

export interface Pixels {
  /** Rows from the top, channels last. */
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
  readonly channels: number
}

export interface ResizeOptions {
  readonly height: number
  readonly width: number
  readonly interpolation: 'nearest' | 'bilinear' | 'bicubic'
  /** Whether shrinking averages over all pixels that fall together; `nearest` never does. */
  readonly antialias: boolean
}

/** Weights are 22-bit fixed point, as in Pillow's `Resample.c`: 32 less 8 for the pixel less 2 for overshoot. */
const precision = 22

const filters = {
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
}

function cubic(at: number): number {
  const x = Math.abs(at)
  const a = -0.5
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

export function resize(image: Pixels, options: ResizeOptions): Pixels {
  const { height, width, interpolation, antialias } = options
  if (interpolation === 'nearest') return nearest(image, height, width)
  const filter = filters[interpolation]
  let { data } = image
  const { channels } = image
  if (width !== image.width) {
    const taps = tapsOf(image.width, width, filter, antialias)
    data = filterRows(data, image.height, image.width, channels, taps)
  }
  if (height !== image.height) {
    // The same pass over columns: one "pixel" is a whole row of values.
    const taps = tapsOf(image.height, height, filter, antialias)
    data = filterRows(data, 1, image.height, width * channels, taps)
  }
  return { data, height, width, channels }
}

interface Taps {
  readonly size: number
  /** First input pixel and number of pixels of each output pixel. */
  readonly first: Int32Array
  readonly count: Int32Array
  /** `size` weights per output pixel. */
  readonly weights: Int32Array
}

function tapsOf(from: number, to: number, filter: (typeof filters)['bilinear'], antialias: boolean): Taps {
  const scale = from / to
  const stretch = antialias ? Math.max(scale, 1) : 1
  const support = filter.support * stretch
  const size = Math.ceil(support) * 2 + 1
  const taps = { size, first: new Int32Array(to), count: new Int32Array(to), weights: new Int32Array(to * size) }
  const exact = new Float64Array(size)
  for (let index = 0; index < to; index++) {
    const center = (index + 0.5) * scale
    const first = Math.max(0, Math.trunc(center - support + 0.5))
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - first
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      exact[tap] = filter.weight((tap + first - center + 0.5) / stretch)
      sum += exact[tap] as number
    }
    taps.first[index] = first
    taps.count[index] = count
    for (let tap = 0; tap < count; tap++) {
      const weight = ((exact[tap] as number) / sum) * (1 << precision)
      taps.weights[index * size + tap] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)
    }
  }
  return taps
}

/** Filters along the second axis of `[rows, from, channels]`. */
function filterRows(data: Uint8Array, rows: number, from: number, channels: number, taps: Taps): Uint8Array {
  const to = taps.first.length
  const out = new Uint8ClampedArray(rows * to * channels)
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < to; index++) {
      const start = (row * from + (taps.first[index] as number)) * channels
      const count = taps.count[index] as number
      const firstWeight = index * taps.size
      for (let channel = 0; channel < channels; channel++) {
        let sum = 1 << (precision - 1)
        for (let tap = 0, pixel = start + channel; tap < count; tap++, pixel += channels) {
          sum += (data[pixel] as number) * (taps.weights[firstWeight + tap] as number)
        }
        out[at++] = sum >> precision
      }
    }
  }
  return new Uint8Array(out.buffer)
}

function nearest(image: Pixels, height: number, width: number): Pixels {
  const { data, channels } = image
  const out = new Uint8Array(height * width * channels)
  let at = 0
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * image.height) / height) * image.width
    for (let x = 0; x < width; x++) {
      const pixel = (row + Math.floor(((x + 0.5) * image.width) / width)) * channels
      for (let channel = 0; channel < channels; channel++) out[at++] = data[pixel + channel] as number
    }
  }
  return { data: out, height, width, channels }
}
