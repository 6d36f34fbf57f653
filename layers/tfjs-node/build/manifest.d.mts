// Types of manifest.mjs.
import type { Manifest } from '../index.mjs'

/** SHA-256 in hexadecimal. */
export declare function hashFile(path: string): Promise<string>

/** The manifest of a built tree, its files checked by size; `filesInside: false` for a packed folder. */
export declare function readTree(
  directory: string,
  options?: { readonly filesInside?: boolean },
): Promise<{ manifest: Manifest } | { problem: string }>
