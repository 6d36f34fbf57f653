/** The bench's model as ours, and the versions our side runs. */
import { readModelFile, toLayersModel } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import type { LayersModel } from '@tensorflow/tfjs-layers'

/** Native kernels only: a bench of the fallback would say nothing. */
export const benchKernels = (): Promise<Kernels> => loadKernels({ prefer: 'native' })

export const versionsOf = ({ version }: Kernels): Record<string, string> => ({
  Node: process.versions.node,
  TensorFlow: version,
})

export const modelPath = (directory: string, net = 'model'): string => `${directory}/${net}.h5`

/** A model as Python Keras saved it, the tutorial's unless another is named. */
export const readModel = async (directory: string, kernels: Kernels, net?: string): Promise<LayersModel> =>
  toLayersModel(await readModelFile(modelPath(directory, net)), kernels)
