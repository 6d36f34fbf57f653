/** What goes into a prediction and what comes out, whichever way the model runs. */
import type { Signature } from './contract.ts'

/** Numbers in row-major order, the batch first: `{ data: new Float32Array(2 * 32 * 32 * 3), shape: [2, 32, 32, 3] }`. */
export interface Tensor {
  readonly data: Float32Array | Int32Array | Uint8Array
  readonly shape: readonly number[]
}

/** A row of numbers may be a typed array. */
export type Nested = number | boolean | string | Float32Array | Int32Array | readonly Nested[]

/** One row of a table, by column. */
export type TableRow = Readonly<Record<string, number | string | boolean | null>>

/** An encoded JPEG, PNG or WebP, or the path of one; in browsers, a file that somebody chose. */
export type ImageSource = string | Uint8Array | ArrayBuffer | Blob

/**
 * Always a batch:
 * - a tensor, or tensors by input name;
 * - nested lists, the outermost of examples, or such by input name;
 * - images (one counts as a batch of one): bytes, Blobs or paths;
 * - table rows.
 */
export type PredictInput =
  | Tensor
  | readonly Nested[]
  | Readonly<Record<string, Tensor | readonly Nested[]>>
  | ImageSource
  | readonly ImageSource[]
  | readonly TableRow[]

/** Lists in, lists out: one entry per example, by output name where there are several outputs. */
export type Predictions = NestedNumbers[] | Record<string, NestedNumbers[]>
export type NestedNumbers = number | boolean | string | NestedNumbers[]

/** Tensors in, tensors out. */
export type TensorPredictions = Tensor | Record<string, Tensor>

export interface Score {
  readonly label: string
  /** 0..1 for a model that ends in softmax or sigmoid. */
  readonly probability: number
}

export interface CallOptions {
  /** Ends the call with an AbortedError. */
  readonly signal?: AbortSignal
  /** Milliseconds for one attempt. @default the client's, 60 s */
  readonly timeout?: number
}

/** Of a model in this process. */
export interface LocalOptions {
  /** Folder of the local registry. @default `./.maas` */
  readonly root?: string | undefined
  /** Path of the topology, as Keras' `model.to_json()` writes it, for a file of weights alone (`.weights.h5`). */
  readonly topology?: string | undefined
  /** Class names of a model file, by number. */
  readonly labels?: readonly string[] | undefined
  /** `native` fails where there are no native kernels. @default native, else WASM, announced on standard error */
  readonly kernels?: 'native' | 'wasm' | undefined
  readonly signal?: AbortSignal | undefined
}

export interface SaveOptions {
  /** @default by the path's extension */
  readonly format?: 'h5' | 'keras' | 'tfjs' | 'savedmodel'
}

/** A model that answers; the same call whether it runs in this process or behind a service. */
export interface Model {
  /** Registered name, or the file's. */
  readonly name: string
  /** Of a registered model: the version that was found when it was loaded. */
  readonly version: number | undefined
  /** Names, dtypes and shapes of inputs and outputs; -1 is any size. */
  readonly signature: Signature
  /** Class names by number; empty when there are none, and behind a service, where `classify` tells them. */
  readonly labels: readonly string[]
  /** One answer per example. A tensor (or tensors by name) is answered in tensors, everything else in lists. */
  predict(input: Tensor | Readonly<Record<string, Tensor>>, options?: CallOptions): Promise<TensorPredictions>
  predict(input: PredictInput, options?: CallOptions): Promise<Predictions>
  /** Labels with their probabilities for each example, best first. */
  classify(input: PredictInput, options?: CallOptions): Promise<Score[][]>
  /**
   * Writes `.h5` or `.keras` for Keras, `.json` for TF.js with its weights beside it; a folder, `.zip` or `.tar.gz` for
   * `format: 'tfjs'` or `'savedmodel'`. UnsupportedError for what the format cannot say exactly, and for a model behind a service.
   */
  save(path: string, options?: SaveOptions): Promise<void>
  /** Frees the memory; further calls fail. */
  dispose(): Promise<void>
}
