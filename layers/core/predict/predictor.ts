/** A version in this process: its files read once, ready to answer until it is disposed of. */
import {
  type DType,
  type Manifest,
  type NamedTensors,
  type Preprocess,
  preprocessSchema,
  type Signature,
  sizeOf,
  type TensorData,
  versionFiles,
} from '@maas/core/contract'
import { StorageError } from '@maas/core/errors'
import { decodeLayersJson, type ModelArtifact, signatureOf, toLayersModel } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import type { Registry } from '@maas/core/registry'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { z } from 'zod'
import { checkTensors } from './check.ts'
import { prepare } from './prepare.ts'
import type { PredictInput, Prediction, ServedModel } from './types.ts'

/** A model and what is needed to serve it. */
export interface PredictorParts {
  readonly name: string
  readonly version: number
  readonly artifact: ModelArtifact
  /** @default tensors, as they come */
  readonly preprocess?: Preprocess
  /** @default none: classes go by number */
  readonly labels?: readonly string[]
}

export interface Predictor {
  readonly model: ServedModel
  /** InvalidInputError names the input at fault. Leaves no tensor behind, whether it answers or fails. */
  predict(input: PredictInput): Promise<Prediction>
  /** Live tensors of the whole process, and their bytes; flat numbers mean no leak. */
  memory(): { readonly tensors: number; readonly bytes: number }
  dispose(): void
}

/** Rows that run at once: enough to fill the cores, little enough to keep activations small. */
const chunk = 64

/** Builds the model and runs it once, so that the first caller does not wait for memory and threads to be set up. */
export const createPredictor = async (parts: PredictorParts, kernels: Kernels): Promise<Predictor> => {
  const layers = await toLayersModel(parts.artifact, kernels)
  const model: ServedModel = {
    name: parts.name,
    version: parts.version,
    signature: signatureOf(layers),
    preprocess: parts.preprocess ?? { kind: 'tensor' },
    labels: parts.labels ?? [],
    bytes: parts.artifact.weights.reduce((sum, { data }) => sum + data.byteLength, 0),
  }
  const run = (tensors: NamedTensors): NamedTensors => runLayers(layers, model.signature, tensors, kernels)
  if (isFixed(model.signature)) run(zeros(model.signature))

  return {
    model,
    predict: async (input) => {
      const started = performance.now()
      const tensors = await prepare(input, model, kernels)
      checkTensors(tensors, model.signature)
      const prepared = performance.now()
      const outputs = inOwnUnit(run(tensors), input, model.preprocess)
      return { model, outputs, timings: { prepare: prepared - started, run: performance.now() - prepared } }
    },
    memory: () => {
      const { numTensors, numBytes } = kernels.tf.memory()
      return { tensors: numTensors, bytes: numBytes }
    },
    dispose: () => {
      layers.dispose()
    },
  }
}

/** Reads a version's files from the registry. */
export const loadPredictor = async (registry: Registry, manifest: Manifest, kernels: Kernels): Promise<Predictor> => {
  const read = async (path: string): Promise<Uint8Array | undefined> =>
    manifest.files.some((file) => file.path === path) ? registry.file(manifest, path) : undefined
  const json = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const bytes = await read(path)
    if (bytes === undefined) return undefined
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (cause) {
      throw new StorageError(`${path} of ${manifest.name}:${manifest.version} is not what it should be`, { cause })
    }
  }
  const [model, weights, preprocess, labels] = await Promise.all([
    read(versionFiles.model),
    read(versionFiles.weights),
    json(versionFiles.preprocess, preprocessSchema),
    json(versionFiles.labels, z.array(z.string())),
  ])
  if (model === undefined || weights === undefined) {
    throw new StorageError(
      `${manifest.name}:${manifest.version} has no ${versionFiles.model} or ${versionFiles.weights}`,
    )
  }
  return createPredictor(
    {
      name: manifest.name,
      version: manifest.version,
      artifact: decodeLayersJson(model, weights),
      ...(preprocess && { preprocess }),
      ...(labels && { labels }),
    },
    kernels,
  )
}

const runLayers = (
  layers: LayersModel,
  { inputs, outputs }: Signature,
  tensors: NamedTensors,
  { tf }: Kernels,
): NamedTensors => {
  const answers: Record<string, TensorData> = {}
  tf.tidy(() => {
    const feeds = inputs.map(({ name }) => {
      const { data, shape, dtype } = tensors[name] as TensorData
      return tf.tensor(data as Float32Array, [...shape], dtype === 'uint8' ? 'int32' : dtype)
    })
    const answer = layers.predict(feeds.length === 1 ? (feeds[0] as Tensor) : feeds, { batchSize: chunk })
    const all = Array.isArray(answer) ? answer : [answer]
    for (const [index, { name }] of outputs.entries()) answers[name] = toData(all[index] as Tensor)
  })
  return answers
}

const toData = (tensor: Tensor): TensorData => ({
  dtype: tensor.dtype as DType,
  shape: tensor.shape,
  data: tensor.dataSync() as Float32Array,
})

/** Whether all sizes but the batch are known; others may have a smallest size that only the model knows. */
const isFixed = ({ inputs }: Signature): boolean => inputs.every(({ shape }) => !shape.slice(1).includes(-1))

/** One row of zeros. */
const zeros = ({ inputs }: Signature): NamedTensors =>
  Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      const one = [1, ...shape.slice(1)]
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
