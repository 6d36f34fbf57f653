/** Calls of a predictor in this process on the bench's inputs. */
import type { Predictor } from '@maas/core/predict'
import { readFloats } from './floats.ts'

const mostRows = 256

/** Answers the first `rows` of the inputs. */
export function callOf(directory: string, predictor: Predictor): (rows: number) => Promise<Float32Array> {
  const input = predictor.model.signature.inputs[0]?.name ?? ''
  const inputs = readFloats(`${directory}/predict.f32`, mostRows * 3072)
  return async (rows) => {
    const data = inputs.subarray(0, rows * 3072)
    const tensors = { [input]: { dtype: 'float32', shape: [rows, 32, 32, 3], data } } as const
    const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
    return Object.values(outputs)[0]?.data as Float32Array
  }
}
