/** Small real models for tests, weights from a seed, so that numbers are the same in every process. */
import { imagePreprocessSchema, type Lineage, type NewVersion, type Preprocess } from '@maas/core/contract'
import { encodeLayersJson, type ModelArtifact, toModelArtifact } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'

export const imagePreprocess = imagePreprocessSchema.parse({ kind: 'image', height: 8, width: 8, channels: 3 })
export const labels = ['cat', 'dog', 'eel']

/** 8x8 colour images into three classes: convolution, pooling, dense, softmax. */
export const tinyClassifier = ({ tf }: Kernels, seed = 1): ModelArtifact => {
  const initial = (at: number) => tf.initializers.glorotUniform({ seed: seed * 100 + at })
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [8, 8, 3],
        filters: 4,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: initial(1),
      }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: initial(2) }),
    ],
  })
  const artifact = toModelArtifact(model)
  model.dispose()
  return artifact
}

/** Eight numbers into two classes by way of large convolutions: some 50 ms of work a row. */
export const heavyModel = ({ tf }: Kernels): ModelArtifact => {
  const conv = () => tf.layers.conv2d({ filters: 64, kernelSize: 7, padding: 'same', activation: 'relu' })
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [8], units: 64 }),
      tf.layers.reshape({ targetShape: [8, 8, 1] }),
      tf.layers.upSampling2d({ size: [8, 8] }),
      conv(),
      conv(),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  })
  const artifact = toModelArtifact(model)
  model.dispose()
  return artifact
}

const lineage: Lineage = { source: 'training', code: 'test', kernels: 'test' }
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** The model as `registry.register` takes it. */
export const asVersion = (
  artifact: ModelArtifact,
  extra: {
    readonly preprocess?: Preprocess
    readonly labels?: readonly string[]
    readonly files?: NewVersion['files']
  } = {},
): NewVersion => {
  const { model, weights } = encodeLayersJson(artifact)
  return {
    files: {
      'model.json': model,
      'weights.bin': weights,
      ...(extra.preprocess && { 'preprocess.json': json(extra.preprocess) }),
      ...(extra.labels && { 'labels.json': json(extra.labels) }),
      ...extra.files,
    },
    lineage,
  }
}
