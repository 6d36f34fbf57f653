/** Reads one model that real Keras wrote, and says how far its answers are from Keras' own, or why it is refused. */
import type { Preprocess, TensorData } from '@maas/core/contract'
import { encodeTexts } from '@maas/core/data'
import { MaasError, messageOf } from '@maas/core/errors'
import {
  ConversionRefusedError,
  type LayerReport,
  readKerasArchive,
  readKerasH5,
  signatureOf,
  toLayersModel,
} from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { readHdf5Here } from './hdf5-here.ts'
import { difference, type Expected } from './keras-fixtures.ts'

/** max|a-b| / max|b| between backends. */
const EXACT = 1e-5
/** Half-precision layers are computed in float32 here, in half precision there. */
const tolerances: Readonly<Record<string, number>> = { float16: 2e-3, mixed_policy: 2e-3, bfloat16: 1e-2 }

/** By the model's name, without the file's ending. */
export const toleranceOf = (name: string): number => tolerances[name] ?? EXACT

export type Measured =
  | {
      readonly layers: readonly LayerReport[]
      /** From Keras' answers. */
      readonly difference: number
      /** The same with changed weights; undefined for a model that has none. */
      readonly disturbed?: number
      /** The same on other inputs, which a model whose answers are all alike would not notice. */
      readonly elsewhere: number
      /** Tensors that were left behind. */
      readonly leaked: number
    }
  | { readonly layers: readonly LayerReport[]; readonly refused: string }

export interface KerasFile {
  /** `cnn.h5` */
  readonly name: string
  readonly bytes: Uint8Array
  readonly expected: Expected
}

export const measureKeras = async ({ name, bytes, expected }: KerasFile, kernels: Kernels): Promise<Measured> => {
  const options = { name, readHdf5: readHdf5Here }
  let layers: readonly LayerReport[] = []
  const before = kernels.tf.memory().numTensors
  try {
    const read = name.endsWith('.h5') ? readKerasH5(bytes, options) : readKerasArchive(bytes, options)
    const { artifact, preprocess, report } = await read
    layers = report.layers
    const model = await toLayersModel(artifact, kernels)
    // tfjs' momentum optimiser keeps its learning rate.
    const kept = JSON.stringify(artifact.trainingConfig ?? {}).includes('"Momentum"') ? 1 : 0
    const measured = answersOf(model, expected, preprocess, kernels, artifact.weights.length > 0)
    model.dispose()
    return { layers, ...measured, leaked: kernels.tf.memory().numTensors - before - kept }
  } catch (error) {
    if (!(error instanceof MaasError)) throw new Error(`${name}: ${messageOf(error)}`, { cause: error })
    return {
      layers: error instanceof ConversionRefusedError ? error.report.layers : layers,
      refused: error.message,
    }
  }
}

const answersOf = (
  model: LayersModel,
  expected: Expected,
  preprocess: Preprocess | undefined,
  kernels: Kernels,
  weighted: boolean,
) => {
  const measured = worst(model, expected, preprocess, kernels)
  const elsewhere = farthestElsewhere(model, expected, preprocess, kernels)
  if (!weighted) return { difference: measured, elsewhere }
  disturb(model, kernels)
  return { difference: measured, elsewhere, disturbed: worst(model, expected, preprocess, kernels) }
}

/** The same numbers and texts in other orders: inputs that are as good, and whose answers are others. */
export const otherOrders = (inputs: Expected['inputs']): readonly Expected['inputs'][] => [
  inputs.map((tensor) => ({ ...tensor, data: tensor.data.toReversed() })),
  // The first and the last text may have one hash.
  inputs.map((tensor) => ({ ...tensor, data: [...tensor.data.slice(1), ...tensor.data.slice(0, 1)] })),
]

/** The second order counts only where the first says nothing. */
const farthestElsewhere = (
  model: LayersModel,
  expected: Expected,
  preprocess: Preprocess | undefined,
  kernels: Kernels,
): number => {
  let farthest = 0
  for (const inputs of otherOrders(expected.inputs)) {
    farthest = worst(model, { ...expected, inputs }, preprocess, kernels)
    if (farthest > EXACT) break
  }
  return farthest
}

const worst = (
  model: LayersModel,
  { inputs: given, outputs }: Expected,
  preprocess: Preprocess | undefined,
  { tf }: Kernels,
): number =>
  tf.tidy(() => {
    const feeds = encoded(model, given, preprocess).map(({ data, shape, dtype }) =>
      tf.tensor(Array.from(data) as number[], [...shape], dtype.startsWith('int') ? 'int32' : 'float32'),
    )
    const answer = model.predict(feeds.length === 1 ? (feeds[0] as Tensor) : feeds)
    const answers = Array.isArray(answer) ? answer : [answer]
    return Math.max(
      ...outputs.map((expected, i) => {
        const tensor = answers[i] as Tensor
        return difference({ shape: tensor.shape, data: tensor.dataSync() }, expected)
      }),
    )
  })

/** By the order of the model's inputs; texts become numbers as they do before a served model. */
export const encoded = (
  model: LayersModel,
  inputs: Expected['inputs'],
  preprocess: Preprocess | undefined,
): readonly {
  readonly shape: readonly number[]
  readonly dtype: string
  readonly data: ArrayLike<number | string>
}[] => {
  if (preprocess?.kind !== 'text') return inputs
  const names = signatureOf(model).inputs.map(({ name }) => name)
  const tensors = inputs.map(({ shape, dtype, data }, i): [string, TensorData] => [
    names[i] ?? '',
    dtype === 'object'
      ? { dtype: 'string', shape, data: data.map(String) }
      : { dtype: 'float32', shape, data: Float32Array.from(data) },
  ])
  const result = encodeTexts(Object.fromEntries(tensors), preprocess)
  return names.map((name) => result[name] as TensorData)
}

/** Moves every weight a little, by its own scale: a deep net would multiply anything larger beyond all floats. */
export const disturb = (model: LayersModel, { tf }: Kernels): void => {
  for (const weight of model.weights) {
    // tfjs leaves behind what a constraint makes of the weight.
    tf.tidy(() => {
      const value = weight.read()
      const spread = tf.moments(value).variance.sqrt().dataSync()[0] as number
      weight.write(value.mul(1.02).add(0.01 * (spread > 0 ? spread : 1)))
    })
  }
}
