/** The seam between the request handling of the data plane and where the model runs: this process, or a child process. */
import type { ModelReference, NamedTensors, Preprocess, Signature } from '../contract/index.ts'

/** What is known of a loaded model without running it. */
export interface ServedModel {
  readonly name: string
  readonly version: number
  readonly signature: Signature
  readonly preprocess: Preprocess
  readonly labels: readonly string[]
  /** Bytes the model holds, for the cache's budget. */
  readonly bytes: number
}

/** Input of one prediction: tensors, encoded images (decoded where the model runs, by its preprocess spec), or table rows, or a body of any of them. */
export type PredictInput =
  | PlainInput
  | { readonly kind: 'tensors'; readonly tensors: NamedTensors }
  | { readonly kind: 'images'; readonly images: readonly Uint8Array[] }
  | { readonly kind: 'rows'; readonly rows: readonly Readonly<Record<string, unknown>>[] }

/** A JSON body as it came, decoded where the model runs; `plainStart` tells which may be sent so. */
export interface PlainInput {
  readonly kind: 'plain'
  /** Read before `predict` first waits, and not afterwards: it may be overwritten. */
  readonly body: Uint8Array
  /** Where its numbers begin. */
  readonly start: number
  readonly maxRows: number
}

export interface Prediction {
  readonly model: ServedModel
  readonly outputs: NamedTensors
  /** Milliseconds spent preparing inputs and running the model. */
  readonly timings: { readonly prepare: number; readonly run: number; readonly load?: number }
}

/** A `Call` is one. */
export interface PredictOptions {
  /** Read only where it matters. */
  readonly signal?: AbortSignal
}

/** Loads on demand and answers: in process on Lambda and in the SDK, by child processes in the local service. */
export interface ModelHost {
  /** Metadata, loading the model when needed. NotFoundError for unknown models, versions and aliases. */
  describe(reference: ModelReference): Promise<ServedModel>
  predict(reference: ModelReference, input: PredictInput, options?: PredictOptions): Promise<Prediction>
  /** Versions that can be asked for, newest first, without loading any; all of the model when only its name is given. */
  versions(reference: ModelReference): Promise<readonly number[]>
  /** The version that is to answer beside the one that an alias means; undefined when there is none. */
  shadow(reference: ModelReference): Promise<number | undefined>
  /** Versions held in memory now, for status answers and doctor. */
  loaded(): readonly { readonly name: string; readonly version: number }[]
  close(): Promise<void>
}
