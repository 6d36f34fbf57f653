/** The output of a model that answers one number per example. */
import { InvalidInputError } from '@maas/core/errors'
import { checkFinite } from './encode.ts'
import type { Prediction } from './types.ts'

/** InvalidInputError when the model answers anything else. */
export const regress = ({ model, outputs }: Pick<Prediction, 'model' | 'outputs'>): number[] => {
  const [found, ...others] = Object.entries(outputs)
  const [name = '', output] = found ?? []
  const rows = output?.shape[0] ?? 0
  if (output === undefined || others.length > 0 || output.dtype === 'string' || output.data.length !== rows) {
    const shapes = Object.entries(outputs).map(([other, { shape }]) => `"${other}" [${shape.join(', ')}]`)
    throw new InvalidInputError(
      `"${model.name}" is no regression: it answers ${shapes.join(', ')}; a regression answers one number per example. Use :predict.`,
    )
  }
  checkFinite(name, output)
  return Array.from(output.data as Exclude<typeof output.data, readonly string[]>)
}
