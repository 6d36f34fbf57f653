/** Numbers of a fixture. */
import { closeSync, openSync, readSync } from 'node:fs'

/** The first `count` 32-bit numbers of a file, or as many as it has. */
export function readFloats(path: string, count: number): Float32Array {
  const values = new Float32Array(count)
  const file = openSync(path, 'r')
  try {
    return values.subarray(0, readSync(file, values) / 4)
  } finally {
    closeSync(file)
  }
}
