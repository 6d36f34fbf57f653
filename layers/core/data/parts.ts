/** Cuts the parts of a data set out of all examples, row by row, so that nothing is held twice. */
import { sizeOf } from '../contract/index.ts'
import { checkMemory } from './memory.ts'
import { createPace } from './pace.ts'
import { type PartName, partNames } from './split.ts'
import { count } from './text.ts'
import type { DataPart } from './types.ts'

/** All examples together, before they are split. */
export interface Examples {
  readonly rowShape: readonly number[]
  /** Whether rows are bytes (pixels) or floats. */
  readonly bytes: boolean
  readonly copyRow: (example: number, out: Uint8Array | Float32Array, at: number) => void
  readonly targets: Int32Array | Float32Array
  readonly sourceOf?: (example: number) => string
}

export async function takeParts(
  all: Examples,
  split: Readonly<Record<PartName, Uint32Array>>,
  options: Parameters<typeof createPace>[0] & { readonly memoryBytes?: number | undefined },
): Promise<Record<PartName, DataPart>> {
  const total = partNames.reduce((sum, name) => sum + split[name].length, 0)
  const bytes = total * sizeOf(all.rowShape) * (all.bytes ? 1 : 4)
  checkMemory(bytes, count(total, 'example'), 'Give fewer examples or fewer features.', options.memoryBytes)
  const pace = createPace(options)
  let done = 0
  const take = async (rows: Uint32Array): Promise<DataPart> => {
    const rowSize = sizeOf(all.rowShape)
    const features = all.bytes ? new Uint8Array(rows.length * rowSize) : new Float32Array(rows.length * rowSize)
    const { targets } = all
    for (const [to, example] of rows.entries()) {
      all.copyRow(example, features, to * rowSize)
      done += 1
      if (done % 64 === 0) await pace.breathe(done, total)
    }
    const part = {
      examples: rows.length,
      rowShape: all.rowShape,
      features,
      targets:
        targets instanceof Int32Array
          ? Int32Array.from(rows, (row) => targets[row] as number)
          : Float32Array.from(rows, (row) => targets[row] as number),
    }
    return all.sourceOf === undefined ? part : { ...part, sources: Array.from(rows, all.sourceOf) }
  }
  const parts = {
    train: await take(split.train),
    validation: await take(split.validation),
    test: await take(split.test),
  }
  options.onProgress?.(done, total)
  return parts
}
