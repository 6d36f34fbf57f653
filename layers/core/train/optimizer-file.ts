/** An optimiser's state as a file: of a job that starts from a model, and of a version whose model brought it. */
import type { OptimizerState } from '../graph/types.ts'
import { decodeTensors, encodeTensors } from './safetensors.ts'

export const encodeOptimizer = ({ step, slots }: OptimizerState): Uint8Array =>
  encodeTensors(
    // Their order counts, and names may repeat.
    slots.map((slot, at) => ({ ...slot, name: `${at}/${slot.name}` })),
    { step: String(step) },
  )

/** InvalidInputError for a file that is none. */
export const decodeOptimizer = (bytes: Uint8Array): OptimizerState => {
  const { tensors, metadata } = decodeTensors(bytes)
  return {
    step: Number(metadata.step ?? 0),
    slots: tensors.map((slot) => ({ ...slot, name: slot.name.replace(/^\d+\//, '') })),
  }
}
