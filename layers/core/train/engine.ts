/** Picks what runs the steps: the traced graph where it can be built, eager kernels elsewhere, and says so. */
import type { Report } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import { createGraphEngine } from '../graph/index.ts'
import type { StepConfig, StepEngine } from '../graph/types.ts'
import type { Kernels } from '../kernels/index.ts'
import { createEagerEngine } from './eager.ts'
import { checkTrainable } from './losses.ts'

/**
 * An engine for at most `batchRows` rows a step. Targets are class numbers or single numbers, so a categorical loss is its sparse form.
 * UnsupportedError when the model cannot be trained at all; a model that cannot be compiled is trained eagerly, with a notice that names why.
 */
export const createEngine = (given: StepConfig, kernels: Kernels, batchRows: number, report: Report): StepEngine => {
  checkTrainable(given.model, given.loss)
  const sparse = given.loss === 'categorical_crossentropy'
  const config: StepConfig = sparse ? { ...given, loss: 'sparse_categorical_crossentropy' } : given
  const eager = (why: string): StepEngine => {
    const message = `Training runs operation by operation, several times slower than a compiled graph: ${why}`
    report({ event: 'notice', level: 'info', code: 'eager_engine', message })
    return createEagerEngine(config, kernels)
  }
  if (!kernels.native) return eager(`the ${kernels.backend} backend has no graphs.`)
  try {
    return createGraphEngine(config, kernels, batchRows)
  } catch (error) {
    if (error instanceof UnsupportedError) return eager(error.message)
    throw error
  }
}
