/** Compiles a layers model for prediction: one file, any batch size, weights as constants, nothing of tfjs needed to run it. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Signature, TensorSpec } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import { isAllowedOperation } from '../kernels/allowed-operations.ts'
import type { Kernels } from '../kernels/index.ts'
import { type BatchInput, rowsOf, traceAnyBatch } from './dynamic.ts'
import { fuse } from './fuse.ts'
import { writeSavedModel } from './graphdef.ts'
import { constant, identity, placeholder } from './ir.ts'
import { variableOf, weightsOf } from './layers.ts'
import { withFusedNormalisation } from './normalisation.ts'
import { relativeErrorOfAll } from './relative-error.ts'
import { graphOf, readSavedModel } from './saved-model.ts'
import { onCallingThread } from './session-config.ts'
import { type NativeKernels, refusing, requireNative } from './step.ts'
import { type Binding, tensorValue } from './tracer.ts'

/** max|a-b| / max|b| between compiled and eager outputs. */
const tolerance = 1e-5

/** Of the examples a model is compiled and compared with. */
const seed = 20_241_124

/** Batch sizes the compiled graph is tried with; none of them was recorded. */
const triedRows = [1, 4]

/**
 * The content of `saved_model.pb`, with the signature's names.
 *
 * @param signature what the model takes and gives, in the model's order; only the batch may be of any size
 * Throws UnsupportedError naming what the model does that cannot be compiled, also when the compiled outputs differ from tfjs'.
 */
export async function compileInference(
  model: LayersModel,
  kernels: Kernels,
  signature: Signature,
): Promise<Uint8Array> {
  const native = requireNative(kernels)
  return refusing(() => compile(native, model, signature))
}

function compile({ tf, native }: NativeKernels, model: LayersModel, signature: Signature): Uint8Array {
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
      withFusedNormalisation({ tf, native }, model, () => applyModel(model, examples)).map(outputOf),
  })
  const file = writeSavedModel({
    inputs: Object.fromEntries(inputs.map(({ output }, index) => [signature.inputs[index]?.name ?? '', output])),
    outputs: Object.fromEntries(
      fuse(outputs).map((output, index) => [signature.outputs[index]?.name ?? '', identity(output, `output_${index}`)]),
    ),
  })
  const foreign = [...readSavedModel(file).operations].filter((operation) => !isAllowedOperation(operation))
  if (foreign.length > 0) throw new UnsupportedError(`Compiled models do not use the operations ${foreign.join(', ')}.`)
  verifyOutputs({ tf, native }, model, inputs, file)
  return file
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

/** Throws UnsupportedError when compiled and eager outputs differ. */
function verifyOutputs(
  { tf, native }: NativeKernels,
  model: LayersModel,
  inputs: readonly BatchInput[],
  file: Uint8Array,
): void {
  const names = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what}_${index}:0`)
  const feeds = names('input', inputs.length)
  const fetches = names('output', model.outputs.length)
  // As sessions for prediction run it. oneDNN keeps what it prepared for a shape with the threads of whoever came first
  // on this thread, so the compiled graph goes first: after tfjs' threads, single rows took twice the time for ever.
  const config = onCallingThread({ operations: readSavedModel(file).operations, bytes: file.length })
  const session = native.sessions.open(graphOf(file), config, feeds, fetches, true)
  // All rows tried are one comparison: a single row whose outputs nearly cancel out would make rounding look like a fault.
  const answers: [compiled: Float32Array, reference: Float32Array][][] = []
  try {
    for (const rows of triedRows) {
      tf.tidy(() => {
        const examples = inputs.map((input) => input.example(rows))
        const values = examples.map((tensor) => tensor.dataSync() as Float32Array)
        const shapes = examples.map(({ shape }) => shape)
        const compiled = native.sessions.run(session, values, shapes, 1)
        for (const [index, expected] of applyModel(model, examples).entries()) {
          const { data } = compiled[index] as (typeof compiled)[number]
          answers[index] = [...(answers[index] ?? []), [data as Float32Array, expected.dataSync() as Float32Array]]
        }
      })
    }
  } finally {
    native.sessions.close(session)
  }
  for (const [index, pairs] of answers.entries()) {
    const error = relativeErrorOfAll(pairs)
    if (error <= tolerance) continue
    throw new UnsupportedError(
      `Compiled output ${index} differs from that of tfjs by ${error.toExponential(1)} (allowed ${tolerance}); the layers model serves it.`,
    )
  }
}
