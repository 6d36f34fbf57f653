/** Training steps by TensorFlow's own executor: the step is compiled once, then each batch is one native call. */
import { availableParallelism } from 'node:os'
import { sizeOf } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import type { Kernels } from '../kernels/index.ts'
import { onlyTensors } from './layers.ts'
import { type NativeKernels, refusing, requireNative } from './step.ts'
import { buildTrainingGraph, type TrainingGraph, tensorNames } from './training-graph.ts'
import { type Feed, TrainingSession } from './training-session.ts'
import type { Batch, OptimizerState, StepConfig, StepEngine, StepResult } from './types.ts'
import { verifyStep } from './verify.ts'

/**
 * Compiles the training step of a model and loads it with the model's weights.
 *
 * @param batchRows the most rows a batch will have
 * @param threads for the steps; the same number repeats a run bit for bit
 * Throws UnsupportedError naming what the model does that cannot be compiled; run it eagerly then.
 */
export function createGraphEngine(
  config: StepConfig,
  kernels: Kernels,
  batchRows: number,
  threads = availableParallelism(),
): GraphEngine {
  const native = requireNative(kernels)
  return refusing(() => {
    const engine = new GraphEngine(native, config, batchRows, threads)
    try {
      verifyStep(native, config, engine)
      return engine
    } catch (error) {
      engine.dispose()
      if (engine.parts === 1) throw error
      // A layer that looks at several rows at once, perhaps: it gets all of them.
      return createGraphEngine(config, kernels, batchRows, 1)
    }
  })
}

type Features = Pick<Batch, 'features' | 'rows' | 'rowShape'>

/** A loaded training graph. The weights in it and those in the layers model part with the first step, until `sync`. */
export class GraphEngine implements Required<StepEngine> {
  readonly mode = 'graph'
  readonly #kernels: NativeKernels
  readonly #config: StepConfig
  readonly #batchRows: number
  readonly #graph: TrainingGraph
  readonly #session: TrainingSession
  /** Steps made so far; Adam's bias correction and the random layers depend on it. */
  #step = 0
  #open = true

  constructor(kernels: NativeKernels, config: StepConfig, batchRows: number, threads: number) {
    this.#kernels = kernels
    this.#config = config
    this.#batchRows = batchRows
    this.#graph = buildTrainingGraph(kernels, config, { batchRows: config.batchSize ?? batchRows, threads })
    this.#session = new TrainingSession(kernels.native.sessions, this.#graph.file, this.#graph.parts)
    this.reload()
    this.#loadSlots(this.#graph.slots.map(zeros))
  }

  /** In which each step is computed, side by side. */
  get parts(): number {
    return this.#graph.parts
  }

  step(batch: Batch, learningRate: number): StepResult {
    const rate: Feed = { tensor: tensorNames.rate, shape: [], data: Float32Array.of(learningRate) }
    const { accumulate = 1 } = this.#config.optimizer
    const updates = (this.#step + 1) % accumulate === 0
    const [loss = Number.NaN, correct = 0, gradientNorm = Number.NaN] = updates
      ? this.#numbers(batch, tensorNames.report, [rate])
      : this.#numbers(batch, tensorNames.accumulate, [])
    this.#step++
    return { loss, correct, gradientNorm }
  }

  /** What the next step on this batch would report and set, without making it. */
  check(batch: Batch): StepResult & { readonly statisticsNorm: number } {
    const [loss = Number.NaN, correct = 0, gradientNorm = Number.NaN, statisticsNorm = Number.NaN] = this.#numbers(
      batch,
      tensorNames.check,
      [],
    )
    return { loss, correct, gradientNorm, statisticsNorm }
  }

  predict(batch: Features): Float32Array {
    const parts = Math.min(this.parts, batch.rows)
    const [outputs] = this.#run([this.#featureFeed(batch)], [tensorNames.outputs], parts)
    return outputs as Float32Array
  }

  sync(): void {
    const { tf } = this.#kernels
    const { weights } = this.#graph
    const values = this.#run(
      [],
      weights.map(({ state }) => state.names.read),
    )
    tf.tidy(() => {
      for (const [index, { variable }] of weights.entries()) {
        variable.assign(tf.tensor(values[index] as Float32Array, variable.shape))
      }
    })
  }

  reload(): void {
    const feeds = this.#graph.weights.map(({ variable, state }) =>
      feedState(state, variable.dataSync() as Float32Array),
    )
    this.#run(feeds, [tensorNames.loadWeights])
  }

  saveOptimizer(): OptimizerState {
    const { slots } = this.#graph
    const values = this.#run(
      [],
      slots.map((slot) => slot.names.read),
    )
    return {
      step: this.#step,
      slots: slots.map(({ name, shape }, index) => ({ name, shape, data: values[index] as Float32Array })),
    }
  }

  /** Slots are matched by their order; throws InvalidInputError when they belong to another model or optimiser. */
  restoreOptimizer({ step, slots }: OptimizerState): void {
    const expected = this.#graph.slots.map(({ shape }) => `[${shape}]`).join(' ')
    const given = slots.map(({ shape }) => `[${shape}]`).join(' ')
    if (given !== expected) {
      throw new InvalidInputError(
        `The optimiser state has slots of shapes ${given}; this model with ${this.#config.optimizer.name} has ${expected}.`,
      )
    }
    this.#loadSlots(slots.map(({ data }) => data))
    this.#step = step
  }

  dispose(): void {
    if (this.#open) this.#session.close()
    this.#open = false
  }

  #numbers(batch: Batch, fetch: string, more: readonly Feed[]): Float32Array {
    const step: Feed = { tensor: tensorNames.step, shape: [], data: Int32Array.of(this.#step) }
    const [report] = this.#run([this.#featureFeed(batch), this.#targetFeed(batch), step, ...more], [fetch])
    return report as Float32Array
  }

  #featureFeed({ features, rows, rowShape }: Features): Feed {
    if (!(rows >= 1 && rows <= this.#batchRows)) {
      throw new InvalidInputError(`A batch has ${rows} rows; this step was made for 1 to ${this.#batchRows}.`)
    }
    const dtype = features instanceof Uint8Array ? 'uint8' : 'float32'
    return { tensor: tensorNames.features[dtype], shape: [rows, ...rowShape], data: features }
  }

  #targetFeed({ targets, rows }: Batch): Feed {
    const shape = [rows, ...onlyTensors(this.#config.model).output.shape.slice(1)] as number[]
    if (this.#config.loss === 'sparse_categorical_crossentropy') {
      const data = targets instanceof Int32Array ? targets : Int32Array.from(targets)
      return { tensor: tensorNames.targets.int32, shape: shape.slice(0, -1), data }
    }
    const dtype = targets instanceof Int32Array ? 'int32' : 'float32'
    return { tensor: tensorNames.targets[dtype], shape, data: targets }
  }

  #loadSlots(values: readonly Float32Array[]): void {
    const { slots, scratch } = this.#graph
    const feeds = [
      ...slots.map((slot, index) => feedState(slot, values[index] as Float32Array)),
      ...scratch.map((slot) => feedState(slot, zeros(slot))),
    ]
    if (feeds.length > 0) this.#run(feeds, [tensorNames.loadSlots])
  }

  #run(feeds: readonly Feed[], fetches: readonly string[], parts = 1): Feed['data'][] {
    if (fetches.length === 0) return []
    return this.#session.run(feeds, fetches, parts).map(({ data }) => data)
  }
}

const zeros = ({ shape }: { readonly shape: readonly number[] }): Float32Array => new Float32Array(sizeOf(shape))

const feedState = (
  { names, shape }: { readonly names: { readonly feed: string }; readonly shape: readonly number[] },
  data: Float32Array,
): Feed => ({ tensor: names.feed, shape, data })
