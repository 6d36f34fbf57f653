/** Nested JSON lists into one row-major tensor, each value checked against the input's dtype and shape, and back. */
import { type DType, shown, sizeOf, type TensorData, type TensorSpec } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'

/** What a JSON value must be to become one element; the message goes after "this input takes". */
const elements = {
  float32: {
    make: (size: number) => new Float32Array(size),
    accepts: (value: unknown) => typeof value === 'number' && Number.isFinite(Math.fround(value)),
    takes: 'finite numbers (float32)',
  },
  int32: {
    make: (size: number) => new Int32Array(size),
    accepts: (value: unknown) => typeof value === 'number' && (value | 0) === value,
    takes: 'whole numbers (int32)',
  },
  uint8: {
    make: (size: number) => new Uint8Array(size),
    accepts: (value: unknown) => typeof value === 'number' && (value & 255) === value,
    takes: 'whole numbers from 0 to 255 (uint8)',
  },
  bool: {
    make: (size: number) => new Uint8Array(size),
    accepts: (value: unknown) => typeof value === 'boolean',
    takes: 'true and false (bool)',
  },
  string: {
    make: (size: number) => new Array<string>(size),
    accepts: (value: unknown) => typeof value === 'string',
    takes: 'texts (string)',
  },
} as const satisfies Record<DType, { make: unknown; accepts: (value: unknown) => boolean; takes: string }>

/**
 * A batch of nested lists into a tensor of `[rows.length, ...spec.shape from 1]`.
 * Sizes that the spec leaves open are taken from the first example and must be the same in all.
 * `at` and `inner` only word errors: `at[row]inner[i][j]`.
 */
export const readTensor = (rows: readonly unknown[], spec: TensorSpec, at: string, inner = ''): TensorData => {
  const shape = [rows.length, ...rowShape(rows[0], spec)]
  const { make, accepts, takes } = elements[spec.dtype]
  const data = make(sizeOf(shape)) as unknown[]
  const index: number[] = []
  let filled = 0

  const where = () => index.map((i, depth) => (depth === 0 ? `[${i}]${inner}` : `[${i}]`)).join('')
  const refuse = (got: string, allowed: string): never => {
    const param = `${at}${where()}`
    throw new InvalidInputError(`${param}: got ${got}; the input "${spec.name}" takes ${allowed}.`, { param })
  }
  const fill = (value: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (!accepts(value)) {
        const got = Array.isArray(value) ? `${shown(value)} where one value belongs` : `${shown(value)}${kind(value)}`
        refuse(got, `${takes} in the shape ${shapeText(spec.shape)}`)
      }
      data[filled++] = value
      return
    }
    if (!Array.isArray(value))
      refuse(shown(value), `a list of ${shape[depth]} here, in all the shape ${shapeText(spec.shape)}`)
    const list = value as readonly unknown[]
    if (list.length !== shape[depth]) {
      refuse(shown(list), `a list of ${shape[depth]} here, in all the shape ${shapeText(spec.shape)}`)
    }
    for (let i = 0; i < list.length; i++) {
      index.push(i)
      fill(list[i], depth + 1)
      index.pop()
    }
  }
  fill(rows, 0)
  return { dtype: spec.dtype, shape, data: data as unknown as TensorData['data'] }
}

/** A tensor as nested lists, the batch outermost; `[3, 1]` → three lists of one. */
export const writeNested = (tensor: TensorData): unknown[] => {
  const values: unknown[] =
    tensor.dtype === 'bool' ? Array.from(tensor.data as Uint8Array, (value) => value !== 0) : [...tensor.data]
  return tensor.shape.slice(1).reduceRight<unknown[]>((flat, size) => {
    const rows: unknown[] = []
    for (let start = 0; start < flat.length; start += size) rows.push(flat.slice(start, start + size))
    return rows
  }, values)
}

export const shapeText = (shape: readonly number[]): string =>
  `[${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}]`

const rowShape = (first: unknown, spec: TensorSpec): number[] => {
  let value = first
  return spec.shape.slice(1).map((size) => {
    const here = Array.isArray(value) ? value.length : 1
    value = Array.isArray(value) ? value[0] : undefined
    return size === -1 ? here : size
  })
}

const kind = (value: unknown): string => {
  if (typeof value === 'number' && !Number.isFinite(Math.fround(value))) return ', which is too large'
  return typeof value === 'string' ? ', a text' : ''
}
