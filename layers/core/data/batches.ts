/** Walks a part in batches, in any order. */
import { sizeOf } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import { checkCanceled } from './pace.ts'
import type { DataPart } from './types.ts'

/** One batch as the training loop takes it. */
export interface DataBatch {
  /** `[rows, ...rowShape]`, row-major. */
  readonly features: Uint8Array | Float32Array
  readonly targets: Int32Array | Float32Array
  readonly rows: number
  readonly rowShape: readonly number[]
}

/**
 * Yields every example once; the last batch may be smaller. Without `order` batches are views of the part itself. With
 * one (row numbers, such as `shuffledIndices` gives) all batches share one buffer: a batch is good until the next is asked for.
 */
export function* batches(
  part: DataPart,
  options: {
    readonly batchSize: number
    readonly order?: ArrayLike<number> | undefined
    readonly signal?: AbortSignal | undefined
  },
): Generator<DataBatch, void, undefined> {
  const { batchSize, order, signal } = options
  const { rowShape, features, targets } = part
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new InvalidInputError(`The batch size is ${batchSize}; a whole number from 1 is needed.`, {
      param: 'batch_size',
    })
  }
  const rowSize = sizeOf(rowShape)
  const examples = order?.length ?? part.examples
  const buffer = order === undefined ? undefined : copyBuffers(part, Math.min(batchSize, examples), rowSize)
  for (let first = 0; first < examples; first += batchSize) {
    checkCanceled(signal)
    const rows = Math.min(batchSize, examples - first)
    if (order === undefined || buffer === undefined) {
      const last = first + rows
      yield {
        features: features.subarray(first * rowSize, last * rowSize),
        targets: targets.subarray(first, last),
        rows,
        rowShape,
      }
      continue
    }
    for (let row = 0; row < rows; row++) {
      const from = order[first + row] as number
      buffer.features.set(features.subarray(from * rowSize, (from + 1) * rowSize), row * rowSize)
      buffer.targets[row] = targets[from] as number
    }
    yield {
      features: buffer.features.subarray(0, rows * rowSize),
      targets: buffer.targets.subarray(0, rows),
      rows,
      rowShape,
    }
  }
}

function copyBuffers({ features, targets }: DataPart, rows: number, rowSize: number) {
  return {
    features: features instanceof Uint8Array ? new Uint8Array(rows * rowSize) : new Float32Array(rows * rowSize),
    targets: targets instanceof Int32Array ? new Int32Array(rows) : new Float32Array(rows),
  }
}
