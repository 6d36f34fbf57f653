/** Look-ups by index without tfjs-node's check of every index in JavaScript, which cannot be recorded; TensorFlow checks them itself. */
import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { NativeKernels } from './step.ts'

export function withRecordableGather<T>({ tf, native }: NativeKernels, body: () => T): T {
  const names = [tf.GatherV2, 'tensorflow'] as const
  const stock = tf.getKernel(...names)
  if (stock === undefined || stock === null) return body()
  const { attrTypes, dtypes } = native
  const dtypeOf = ({ dtype }: TensorInfo) => dtypes[dtype as 'float32' | 'int32' | 'bool']
  tf.unregisterKernel(...names)
  tf.registerKernel({
    ...stock,
    kernelFunc({ inputs, attrs }) {
      const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo }
      const { axis, batchDims } = attrs as { axis: number; batchDims: number }
      return native.executeSingleOutput(
        'GatherV2',
        [
          { name: 'batch_dims', type: attrTypes.int, value: batchDims },
          { name: 'Tparams', type: attrTypes.type, value: dtypeOf(x) },
          { name: 'Tindices', type: attrTypes.type, value: dtypeOf(indices) },
          { name: 'Taxis', type: attrTypes.type, value: dtypes.int32 },
        ],
        [x, indices, tf.scalar(axis, 'int32')],
      )
    },
  })
  try {
    return body()
  } finally {
    tf.unregisterKernel(...names)
    tf.registerKernel(stock)
  }
}
