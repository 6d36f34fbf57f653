/** Model status and metadata in TensorFlow Serving's words. */
import type { DType, TensorSpec } from '@maas/core/contract'
import type { ServedModel } from '@maas/core/predict'

/** Every registered version can be asked: it is loaded when the first request comes. */
export const statusBody = (versions: readonly number[]) => ({
  model_version_status: versions.map((version) => ({
    version: String(version),
    state: 'AVAILABLE',
    status: { error_code: 'OK', error_message: '' },
  })),
})

export const metadataOf = ({ name, version, signature }: ServedModel) => ({
  model_spec: { name, signature_name: '', version: String(version) },
  metadata: {
    signature_def: {
      signature_def: {
        serving_default: {
          inputs: infosOf(signature.inputs),
          outputs: infosOf(signature.outputs),
          method_name: 'tensorflow/serving/predict',
        },
      },
    },
  },
})

const dtypes = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
  uint8: 'DT_UINT8',
  string: 'DT_STRING',
} as const satisfies Record<DType, string>

/** Sizes are texts there, -1 for any. */
const infosOf = (specs: readonly TensorSpec[]) =>
  Object.fromEntries(
    specs.map(({ name, dtype, shape }) => [
      name,
      {
        dtype: dtypes[dtype],
        tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
        name: `${name}:0`,
      },
    ]),
  )
