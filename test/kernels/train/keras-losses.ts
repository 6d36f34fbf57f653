/** Weights and batches made by a hash of positions, so that Python and TypeScript start from the same numbers without a file. */
import { sizeOf } from '../../../layers/core/contract/index.ts'
import type { Batch } from '../../../layers/core/graph/index.ts'

export const rows = 640
export const batchSize = 32

/** `count` fractions from 0 (included) to 1; `noise` of keras-losses.py. */
export function noise(salt: number, count: number): Float64Array {
  const start = Math.imul(salt, 0x9e3779b1)
  return Float64Array.from({ length: count }, (_, position) => {
    let x = (position + start) | 0
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    return ((x ^ (x >>> 16)) >>> 0) / 4294967296
  })
}

/** Kernels within Glorot's uniform limits, biases of zero. */
export const initialWeight = (index: number, shape: readonly number[]): Float32Array => {
  if (shape.length === 1) return new Float32Array(sizeOf(shape))
  const field = sizeOf(shape.slice(0, -2))
  const [inputs, outputs] = shape.slice(-2) as [number, number]
  const limit = Math.sqrt(6 / (field * inputs + field * outputs))
  return Float32Array.from(noise(10 + index, sizeOf(shape)), (value) => (value * 2 - 1) * limit)
}

/** Bytes for images, floats for tables. Half of each value is its class's pattern, half its own noise. */
export function makeBatches(rowShape: readonly number[], classes: number): (step: number) => Batch {
  const size = sizeOf(rowShape)
  const labels = Int32Array.from(noise(1, rows), (value) => Math.floor(value * classes))
  const patterns = noise(2, classes * size)
  const own = noise(3, rows * size)
  const values = own.map((value, at) => {
    const row = Math.floor(at / size)
    return ((patterns[(labels[row] as number) * size + (at % size)] as number) + value) / 2
  })
  const features = rowShape.length === 3 ? Uint8Array.from(values, (value) => value * 256) : Float32Array.from(values)
  return (step) => {
    const first = (step * batchSize) % rows
    return {
      features: features.subarray(first * size, (first + batchSize) * size),
      targets: labels.subarray(first, first + batchSize),
      rows: batchSize,
      rowShape,
    }
  }
}
