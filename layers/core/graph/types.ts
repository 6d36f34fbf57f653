/** The seam between the training loop and what executes one step: eager kernels, or a traced TensorFlow graph. It lives here because train may import graph, not the other way round. */
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { lossNames, optimizerNames } from '../contract/index.ts'

export interface OptimizerConfig {
  readonly name: (typeof optimizerNames)[number]
  readonly momentum: number
  /** Global gradient norm above which gradients are scaled down; none when absent. */
  readonly clipNorm?: number
  /** Before its update, each trained weight loses this share of itself times the learning rate, as in Keras. @default 0 */
  readonly weightDecay?: number
  /** Steps whose gradients are averaged into one update, as Keras' `gradient_accumulation_steps`. @default 1 */
  readonly accumulate?: number
}

/** What a step needs to know; fixed for one run. */
export interface StepConfig {
  readonly model: LayersModel
  readonly loss: (typeof lossNames)[number]
  readonly optimizer: OptimizerConfig
  /** value = feature * inputScale, applied inside the step; 1 for float features. */
  readonly inputScale: number
  /** Whether training steps mirror and move their images; rows are `[height, width, channels]` then. Predictions never do. @default false */
  readonly augment?: boolean
  /** Rows of a usual step, by which it is decided how threads share it. @default the most rows that the engine takes */
  readonly batchSize?: number
  /** Randomness inside a step (dropout, noise, augmentation) depends on this seed and the step's number alone, so that a resumed run equals an uninterrupted one. */
  readonly seed: number
}

/** At most the batch size the engine was made for; the last batch of an epoch is smaller. */
export interface Batch {
  /** `[rows, ...rowShape]`, row-major. */
  readonly features: Uint8Array | Float32Array
  readonly targets: Int32Array | Float32Array
  readonly rows: number
  readonly rowShape: readonly number[]
}

/** Sums over the batch, so that partial batches weigh right. */
export interface StepResult {
  /** Mean loss of the batch, regularisation included. */
  readonly loss: number
  /** Right answers in the batch (a binary output counts from 0.5 up as class 1); for regression, the sum of absolute errors. */
  readonly correct: number
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number
}

/** Optimiser slots and step count, in a stable order, for checkpoints. */
export interface OptimizerState {
  readonly step: number
  readonly slots: readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }[]
}

/** Runs training steps on a model. Weights may live elsewhere between `sync` calls. */
export interface StepEngine {
  /** How it runs, for the report: `eager` or `graph`, and why when it is a fallback. */
  readonly mode: 'eager' | 'graph'
  step(batch: Batch, learningRate: number): StepResult
  /** Outputs of inference (no dropout, moving statistics) with the current weights, `[rows, ...outputShape]`; absent when only the layers model can, after `sync`. */
  predict?(batch: Pick<Batch, 'features' | 'rows' | 'rowShape'>): Float32Array
  /** Writes the current weights (and BatchNorm statistics) back into the layers model. */
  sync(): void
  /** Takes weights from the layers model, e.g. after restoring the best epoch. */
  reload(): void
  saveOptimizer(): OptimizerState
  restoreOptimizer(state: OptimizerState): void
  dispose(): void
}
