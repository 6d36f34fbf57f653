/** Types of `parse.mjs`, for those who run it in their own process. */
import type { FS as EmscriptenFS } from 'h5wasm'

export declare const PIECE_BYTES: number
export declare const FS: EmscriptenFS
export declare const parse: (
  path: string,
  options: {
    readonly skip: readonly string[]
    readonly maxBytes: number
    readonly maxTensorBytes: number
    readonly maxObjects: number
  },
  write: (bytes: Uint8Array) => void,
) => void
