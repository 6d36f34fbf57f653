/** A version in this process, ready to answer until it is disposed of. */
import { type NamedTensors, type Preprocess, type Signature, servedSignature, sizeOf } from '@maas/core/contract'
import type { ImageKernels } from '@maas/core/data'
import type { ServableArtifact } from '@maas/core/formats'
import type { Kernels, SessionBinding } from '@maas/core/kernels'
import { batching } from './batching.ts'
import { checkTensors } from './check.ts'
import { readPlain } from './plain.ts'
import { prepare, readers } from './prepare.ts'
import type { Runner, RunnerOptions } from './runner.ts'
import type { PredictInput, Prediction, ServedModel } from './types.ts'

/** A model and what is needed to serve it. */
export interface PredictorParts {
  readonly name: string
  readonly version: number
  readonly artifact: ServableArtifact
  /** @default tensors, as they come */
  readonly preprocess?: Preprocess
  /** @default none: classes go by number */
  readonly labels?: readonly string[]
}

export interface Predictor {
  readonly model: ServedModel
  /** InvalidInputError names the input at fault. Leaves no tensor behind, whether it answers or fails. */
  predict(input: PredictInput): Promise<Prediction>
  /** The compiled graph it runs, where there is one. */
  readonly graph?: Uint8Array | undefined
  readonly rowsIndependent: boolean
  dispose(): void
}

/** Builds and compiles the model and runs it once, so that the first caller does not wait for memory and threads to be set up. */
export const createPredictor = async (
  parts: PredictorParts,
  kernels: Kernels,
  options: Partial<RunnerOptions> = {},
): Promise<Predictor> => {
  const { createArtifactRunner } = await import('./artifact-runner.ts')
  const { runner, signature, bytes } = await createArtifactRunner(parts.artifact, kernels, {
    announce: toStandardError,
    ...options,
  })
  const model: ServedModel = {
    name: parts.name,
    version: parts.version,
    signature,
    preprocess: parts.preprocess ?? { kind: 'tensor' },
    labels: parts.labels ?? [],
    bytes,
  }
  if (runner.graph === undefined && isFixed(model.signature)) await runner.run(zeros(model.signature))
  return predictorOf(model, batching(runner, options.batchRows ?? 1), kernels, kernels.native?.sessions)
}

/** Requests in, answers out, around whatever runs the model, whose own signature is given. */
export const predictorOf = (
  described: ServedModel,
  runner: Runner,
  kernels: ImageKernels,
  sessions: SessionBinding | undefined,
): Predictor => {
  const own = described.signature
  const model = { ...described, signature: servedSignature(own, described.preprocess) }
  const firstNotFinite = sessions?.firstNotFinite
  // Loads while the first request is on its way; what fails here fails again, with its reason, where it is needed.
  if (model.preprocess.kind !== 'tensor') readers().catch(() => {})
  return {
    model,
    graph: runner.graph,
    rowsIndependent: runner.rowsIndependent,
    predict: async (given) => {
      const started = performance.now()
      const input = given.kind === 'plain' ? readPlain(given, model, sessions) : given
      if (input.kind === 'tensors' && model.preprocess.kind === 'text')
        checkTensors(input.tensors, model.signature, firstNotFinite)
      const tensors = await prepare(input, model, kernels)
      checkTensors(tensors, own, firstNotFinite)
      const prepared = performance.now()
      const outputs = inOwnUnit(await runner.run(tensors), input, model.preprocess)
      return { model, outputs, timings: { prepare: prepared - started, run: performance.now() - prepared } }
    },
    dispose: () => runner.dispose(),
  }
}

const toStandardError = (line: string): void => void process.stderr.write(`${line}\n`)

/** Whether all sizes but the batch are known; others may have a smallest size that only the model knows. */
const isFixed = ({ inputs }: Signature): boolean => inputs.every(({ shape }) => !shape.slice(1).includes(-1))

/** One row of zeros. */
const zeros = ({ inputs }: Signature): NamedTensors =>
  Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      const one = [1, ...shape.slice(1)]
      if (dtype === 'string') return [name, { dtype, shape: one, data: Array<string>(sizeOf(one)).fill('') }]
      const Values = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array
      return [name, { dtype, shape: one, data: new Values(sizeOf(one)) }]
    }),
  )

/** Who sends a table's own values gets the target's own unit back; who sends encoded tensors gets the model's numbers. */
const inOwnUnit = (outputs: NamedTensors, input: PredictInput, preprocess: Preprocess): NamedTensors => {
  if (input.kind !== 'rows' || preprocess.kind !== 'tabular' || preprocess.target === undefined) return outputs
  const { mean, std } = preprocess.target
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [
      name,
      { ...tensor, data: (tensor.data as Float32Array).map((value) => value * std + mean) },
    ]),
  )
}
