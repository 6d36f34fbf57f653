/** Runs a layers model operation by operation, on whatever backend the kernels have. */
import type { DType, NamedTensors, Signature, TensorData } from '@maas/core/contract'
import type { Kernels } from '@maas/core/kernels'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'

/** Rows that run at once: enough to fill the cores, little enough to keep activations small. */
const chunk = 64

/** Tensors must fit the signature. Leaves no tensor behind. */
export const runLayers = (
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
