/** The bench's model ready to answer in this process. */
import { readModelFile } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import { createPredictor } from '@maas/core/predict'
import { modelPath, readFloats } from './model.ts'

const mostRows = 256

/** Answers the first `rows` of the bench's inputs. */
export async function loadCall(directory: string, kernels: Kernels): Promise<(rows: number) => Promise<Float32Array>> {
  const artifact = await readModelFile(modelPath(directory))
  const predictor = await createPredictor({ name: 'bench', version: 1, artifact }, kernels)
  const input = predictor.model.signature.inputs[0]?.name ?? ''
  const inputs = readFloats(`${directory}/predict.f32`, mostRows * 3072)
  return async (rows) => {
    const data = inputs.subarray(0, rows * 3072)
    const tensors = { [input]: { dtype: 'float32', shape: [rows, 32, 32, 3], data } } as const
    const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
    return Object.values(outputs)[0]?.data as Float32Array
  }
}
