// Types of pack.mjs.
import type { Manifest } from '../index.mjs'

/** Packs a built tree for a Lambda layer. */
export declare function packTree(options: {
  readonly tree: string
  readonly manifest: Manifest
  readonly directory: string
  readonly onFraction: (fraction: number) => void
  readonly signal?: AbortSignal | undefined
}): Promise<void>
