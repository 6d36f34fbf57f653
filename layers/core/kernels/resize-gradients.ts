/** Gradients of resized pictures with the half pixel that tfjs-node's own leave out, though they are told of it. */
import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { NativeBackend } from './surface.ts'
import type { TensorFlow } from './tf.ts'

export function registerResizeGradients(tf: TensorFlow): void {
  for (const kernelName of [tf.ResizeBilinearGrad, tf.ResizeNearestNeighborGrad]) {
    tf.unregisterKernel(kernelName, 'tensorflow')
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc({ inputs, attrs, backend }) {
        const { images, dy } = inputs as { images: TensorInfo; dy: TensorInfo }
        const { alignCorners, halfPixelCenters } = attrs as unknown as Record<string, boolean>
        const native = backend as NativeBackend
        const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_FLOAT } = native.binding
        const own = [
          { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
          { name: 'align_corners', type: TF_ATTR_BOOL, value: alignCorners === true },
          { name: 'half_pixel_centers', type: TF_ATTR_BOOL, value: halfPixelCenters === true },
        ]
        if (kernelName === tf.ResizeBilinearGrad) return native.executeSingleOutput(kernelName, own, [dy, images])
        const size = tf.tensor1d(images.shape.slice(1, 3), 'int32')
        const gradient = native.executeSingleOutput(kernelName, own, [dy, size])
        size.dispose()
        return gradient
      },
    })
  }
}
