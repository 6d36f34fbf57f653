/** Compiles a layers model for prediction: one file, any batch size, weights as constants, nothing of tfjs needed to run it. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { NamedTensors, Signature, TensorData, TensorSpec } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import type { Kernels } from '../kernels/index.ts'
import { type BatchInput, rowsOf, traceAnyBatch } from './dynamic.ts'
import { fuse } from './fuse.ts'
import { writeSavedModel } from './graphdef.ts'
import { type InferenceSession, openSession, type SessionOptions } from './inference-session.ts'
import { constant, identity, placeholder } from './ir.ts'
import { variableOf, weightsOf } from './layers.ts'
import { withFusedNormalisation } from './normalisation.ts'
import { relativeErrorOfAll } from './relative-error.ts'
import { type NativeKernels, refusing, requireNative } from './step.ts'
import { type Binding, tensorValue } from './tracer.ts'
import { withoutUnreadEdges } from './unread-edges.ts'

/** max|a-b| / max|b| between compiled and eager outputs. */
const tolerance = 1e-5

/** Of the examples a model is compiled and compared with. */
const seed = 20_241_124

/** Batch sizes the compiled graph is tried with; none of them was recorded. */
const triedRows = [1, 4]

/** A model that was compiled, ready to answer. */
export interface CompiledModel {
  /** The content of `saved_model.pb`, with the signature's names. */
  readonly graph: Uint8Array
  readonly session: InferenceSession
}

/**
 * Compiles the model, and opens what that made in the session that it is held against tfjs in: a large graph is opened once.
 *
 * @param signature what the model takes and gives, in the model's order; only the batch may be of any size
 * Throws UnsupportedError naming what the model does that cannot be compiled, also when the compiled outputs differ from tfjs'.
 */
export async function compileSession(
  model: LayersModel,
  kernels: Kernels,
  signature: Signature,
  {
    written,
    ...options
  }: Omit<SessionOptions, 'check'> & {
    /** Receives the graph before it is held against tfjs, to do with it meanwhile what takes long. */
    readonly written?: ((graph: Uint8Array) => void) | undefined
  },
): Promise<CompiledModel> {
  const native = requireNative(kernels)
  return refusing(() => {
    const { graph, inputs } = compile(native, model, signature)
    written?.(graph)
    const check: SessionOptions['check'] = (run) => verifyOutputs(native, model, { signature, inputs, run })
    return { graph, session: openSession(graph, native.native.sessions, { ...options, check }) }
  })
}

/** The content of `saved_model.pb` alone; see `compileSession`. */
export async function compileInference(
  model: LayersModel,
  kernels: Kernels,
  signature: Signature,
): Promise<Uint8Array> {
  const { graph, session } = await compileSession(model, kernels, signature, { threads: 1, rowsIndependent: false })
  session.dispose()
  return graph
}

function compile({ tf, native }: NativeKernels, model: LayersModel, signature: Signature) {
  const inputs = signature.inputs.map((spec, index) => declareInput(tf, spec, index))
  const [batch] = inputs as [BatchInput]
  const outputs = traceAnyBatch({ tf, native }, rowsOf(batch.output), {
    inputs,
    bindings: [],
    constants: weightsOf(model).map((weight): Binding => {
      const variable = variableOf(weight)
      return [variable, constant(tensorValue(variable.dtype, variable.shape, variable.dataSync()))]
    }),
    run: (examples, outputOf) =>
      withFusedNormalisation({ tf, native }, model, () =>
        withoutUnreadEdges({ tf }, model, false, () => applyModel(model, examples)),
      ).map(outputOf),
  })
  const graph = writeSavedModel({
    inputs: Object.fromEntries(inputs.map(({ output }, index) => [signature.inputs[index]?.name ?? '', output])),
    outputs: Object.fromEntries(
      fuse(outputs).map((output, index) => [signature.outputs[index]?.name ?? '', identity(output, `output_${index}`)]),
    ),
  })
  return { graph, inputs }
}

function declareInput(tf: NativeKernels['tf'], { name, dtype, shape }: TensorSpec, index: number): BatchInput {
  const rowShape = shape.slice(1)
  if (shape[0] !== -1 || rowShape.includes(-1)) {
    throw new UnsupportedError(`Input ${name} has shape [${shape}]; compiled models are free in the batch size only.`)
  }
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    throw new UnsupportedError(`Input ${name} is ${dtype}; compiled models take float32, int32 and bool.`)
  }
  const output = placeholder(`input_${index}`, { dtype, shape })
  // Seeded: whether a model is compiled must not differ from one push of it to the next.
  return { output, example: (rows) => tf.cast(tf.randomUniform([rows, ...rowShape], 0, 2, 'float32', seed), dtype) }
}

function applyModel(model: LayersModel, examples: readonly Tensor[]): Tensor[] {
  const outputs = model.apply(examples.length === 1 ? (examples[0] as Tensor) : [...examples], { training: false })
  return [outputs].flat() as Tensor[]
}

/**
 * Nobody chose the examples, so a model may divide by zero on some: what is the same infinity in both, or in both no number,
 * is left out. All of it is kept where nothing else is there to compare.
 */
function withoutSameInfinities(compiled: Float32Array, reference: Float32Array): [Float32Array, Float32Array] {
  const counts = (value: number, at: number): boolean =>
    Number.isFinite(value) || !Object.is(Number(value), Number(compiled[at]))
  const places = [...reference.keys()].filter((at) => counts(reference[at] as number, at))
  if (compiled.length !== reference.length || places.length === 0 || places.length === reference.length) {
    return [compiled, reference]
  }
  const pick = (values: Float32Array): Float32Array => Float32Array.from(places, (at) => values[at] as number)
  return [pick(compiled), pick(reference)]
}

/** Throws UnsupportedError when compiled and eager outputs differ. */
function verifyOutputs(
  { tf }: NativeKernels,
  model: LayersModel,
  {
    signature,
    inputs,
    run,
  }: {
    readonly signature: Signature
    readonly inputs: readonly BatchInput[]
    readonly run: (tensors: NamedTensors) => NamedTensors
  },
): void {
  // All rows tried are one comparison: a single row whose outputs nearly cancel out would make rounding look like a fault.
  const answers: [compiled: Float32Array, reference: Float32Array][][] = []
  for (const rows of triedRows) {
    tf.tidy(() => {
      const examples = inputs.map((input) => input.example(rows))
      const feeds = signature.inputs.map(({ name }, index): [string, TensorData] => {
        const example = examples[index] as Tensor
        return [name, { dtype: example.dtype, shape: example.shape, data: example.dataSync() } as TensorData]
      })
      // oneDNN keeps what it prepared for a shape with the threads of whoever came first on this thread, so the compiled
      // graph goes first: after tfjs' threads, single rows took twice the time for ever.
      const compiled = run(Object.fromEntries(feeds))
      for (const [index, expected] of applyModel(model, examples).entries()) {
        const { data } = compiled[signature.outputs[index]?.name ?? ''] as TensorData
        const pair = withoutSameInfinities(data as Float32Array, expected.dataSync() as Float32Array)
        answers[index] = [...(answers[index] ?? []), pair]
      }
    })
  }
  for (const [index, pairs] of answers.entries()) {
    const error = relativeErrorOfAll(pairs)
    if (error <= tolerance) continue
    throw new UnsupportedError(
      `Compiled output ${index} differs from that of tfjs by ${error.toExponential(1)} (allowed ${tolerance}); the layers model serves it.`,
    )
  }
}
