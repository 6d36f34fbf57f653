/** What a loaded model can do, wherever it runs. */
import type { CallOptions } from './http.ts'
import type { Images, Input } from './input.ts'

/** A class and how sure the model is of it, 0..1. */
export interface Label {
  readonly label: string
  readonly probability: number
}

/** Name, dtype and shape of an input or output; -1 is any size, the first dimension is the batch. */
export interface TensorSpec {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
}

export interface Signature {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

/** One answer per example: nested lists of numbers, or an object of them by name when the model has several outputs. */
export type Answers = readonly unknown[]

export interface Model {
  readonly name: string
  /** Asked of the service once, when the model runs there. */
  signature(): Promise<Signature>
  predict(input: Input, options?: CallOptions): Promise<Answers>
  /** All classes of each example, most probable first. */
  classify(input: Images | Input, options?: CallOptions): Promise<readonly (readonly Label[])[]>
  /** Writes the model as a Keras `.h5` file; Python's `keras.models.load_model` reads it. */
  save(path: string): Promise<void>
  /** Frees memory; the model cannot be used afterwards. */
  dispose(): Promise<void>
}
