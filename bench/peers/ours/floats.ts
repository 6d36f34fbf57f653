/** Numbers of a fixture. */
import { readFileSync } from 'node:fs'

/** The first `count` 32-bit numbers of a file. */
export function readFloats(path: string, count: number): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(path).subarray(0, count * 4)).buffer)
}
