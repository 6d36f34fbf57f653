/** Calls of a predictor in this process on the bench's inputs. */
import { sizeOf } from '@maas/core/contract'
import type { Predictor } from '@maas/core/predict'
import { readFloats } from './floats.ts'

/** Numbers of the bench's inputs: 256 pictures of 32x32, fewer rows of larger ones. */
const numbers = 256 * 3072

/** Answers the first `rows` of the inputs. */
export function callOf(directory: string, predictor: Predictor): (rows: number) => Promise<Float32Array> {
  const [{ name: input, shape } = { name: '', shape: [] }] = predictor.model.signature.inputs
  const row = shape.slice(1)
  const size = sizeOf(row)
  const inputs = readFloats(`${directory}/predict.f32`, numbers)
  return async (rows) => {
    const data = inputs.subarray(0, rows * size)
    const tensors = { [input]: { dtype: 'float32', shape: [rows, ...row], data } } as const
    const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
    return Object.values(outputs)[0]?.data as Float32Array
  }
}
