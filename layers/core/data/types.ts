/** Data as training and evaluation see it: rows in one typed array, read once from whatever file they came in. */
import type { Preprocess } from '../contract/index.ts'

/** One part of a data set. Row i is `features[i * rowSize .. (i + 1) * rowSize]`. */
export interface DataPart {
  readonly examples: number
  /** Shape of one row, e.g. `[32, 32, 3]` or `[12]`. */
  readonly rowShape: readonly number[]
  /** Decoded, resized pixels 0..255 for images (scaled only in the batch, so that a batch stays bytes as long as possible); final values for tensors and tables. */
  readonly features: Uint8Array | Float32Array
  /** Class numbers, or target values (standardised) for regression. */
  readonly targets: Int32Array | Float32Array
  /** File or row each example came from, for the list of mistakes. */
  readonly sources?: readonly string[]
}

/** What was read: the parts, what the targets mean, and the preprocessing that serving must repeat. */
export interface DataSet {
  readonly task: 'classification' | 'regression'
  /** Class names by number; empty for regression. */
  readonly labels: readonly string[]
  readonly train: DataPart
  readonly validation: DataPart
  readonly test: DataPart
  readonly preprocess: Preprocess
  readonly report: DataReport
}

/** What a person wants to know before training on it. */
export interface DataReport {
  readonly name: string
  /** sha256 over the content read, independent of archive kind and file order. */
  readonly fingerprint: string
  readonly format: 'image-folder' | 'cifar10-binary' | 'npz' | 'csv'
  /** How the parts came about: `given`, or `seeded` with shares and seed. */
  readonly split: string
  readonly rowShape: readonly number[]
  /** Examples per class and part, in label order. */
  readonly balance: {
    readonly train: readonly number[]
    readonly validation: readonly number[]
    readonly test: readonly number[]
  }
  /** Files that could not be read, at most the first 100, and how many in all. */
  readonly badFiles: readonly { readonly path: string; readonly reason: string }[]
  readonly badFileCount: number
  /** Sentences worth reading: imbalance, classes missing from a part, sizes that differ. */
  readonly warnings: readonly string[]
  readonly seconds: number
}
