/** Between flat tensors and nested lists, and numbers as short as JSON allows without losing a bit of a float32. */
import type { Nested, NestedNumbers, Tensor } from './types.ts'

/** Rows `from` to `to` as nested lists; float32 values are shortened. */
export const toNested = ({ data, shape }: Tensor, from = 0, to = shape[0] ?? 0, short = false): NestedNumbers[] => {
  const size = shape.slice(1).reduce((product, dimension) => product * dimension, 1)
  const flat = data.subarray(from * size, to * size)
  const values: NestedNumbers[] = short && flat instanceof Float32Array ? Array.from(flat, shortest) : Array.from(flat)
  return shape.slice(1).reduceRight<NestedNumbers[]>((list, length) => chunks(list, length), values)
}

const chunks = (list: NestedNumbers[], length: number): NestedNumbers[] => {
  const rows: NestedNumbers[] = []
  for (let start = 0; start < list.length; start += length) rows.push(list.slice(start, start + length))
  return rows
}

/** The decimal with the fewest digits that is still this float32: half the bytes of what JSON writes for it as a double. */
export const shortest = (value: number): number => {
  for (let scale = 1e7; scale <= 1e10; scale *= 10) {
    const rounded = Math.round(value * scale) / scale
    if (Math.fround(rounded) === value) return rounded
  }
  return value
}

/** Shape of nested lists, told by their first elements. */
export const shapeOf = (value: Nested): number[] =>
  Array.isArray(value) ? [value.length, ...(value.length > 0 ? shapeOf(value[0] as Nested) : [])] : []

/** Nested lists of numbers as one float32 tensor; `shape` must be theirs. */
export const flatten = (value: readonly NestedNumbers[], shape: readonly number[]): Float32Array => {
  const flat = new Float32Array(shape.reduce((product, dimension) => product * dimension, 1))
  let filled = 0
  const fill = (item: NestedNumbers): void => {
    if (Array.isArray(item)) for (const inner of item) fill(inner)
    else flat[filled++] = Number(item)
  }
  for (const item of value) fill(item)
  return flat
}
