/** The bench's model as ours, and the versions our side runs. */
import { readFileSync } from 'node:fs'
import { readModelFile, toLayersModel } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import type { LayersModel } from '@tensorflow/tfjs-layers'

/** Native kernels only: a bench of the fallback would say nothing. */
export const benchKernels = (options: { readonly preferOneDnn?: boolean } = {}): Promise<Kernels> =>
  loadKernels({ prefer: 'native', ...options })

export const versionsOf = ({ version }: Kernels): Record<string, string> => ({
  Node: process.versions.node,
  TensorFlow: version,
})

/** The first `count` 32-bit numbers of a file. */
export function readFloats(path: string, count: number): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(path).subarray(0, count * 4)).buffer)
}

export const modelPath = (directory: string): string => `${directory}/model.h5`

/** The tutorial's model as Python Keras saved it. */
export const readModel = async (directory: string, kernels: Kernels): Promise<LayersModel> =>
  toLayersModel(await readModelFile(modelPath(directory)), kernels)
