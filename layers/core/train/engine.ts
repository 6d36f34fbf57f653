/** Picks what runs the steps: the traced graph where it can be built, eager kernels elsewhere, and says so. */
import type { Report } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import type { StepConfig, StepEngine } from '../graph/types.ts'
import type { Kernels } from '../kernels/index.ts'
import { createGraphEngine } from './_graph-stub.ts'
import { createEagerEngine } from './eager.ts'
import { checkTrainable } from './losses.ts'

/** Why the graph engine is not used: chosen, no native kernels, or the operation it lacks. */
export const createEngine = (config: StepConfig, kernels: Kernels, batchRows: number, report: Report): StepEngine => {
  checkTrainable(config.model, config.loss)
  const eager = (why: string): StepEngine => {
    const message = `Training runs operation by operation, several times slower than a compiled graph: ${why}.`
    report({ event: 'notice', level: 'info', code: 'eager_engine', message })
    return createEagerEngine(config, kernels)
  }
  if (!kernels.native) return eager(`the ${kernels.backend} backend has no graphs`)
  try {
    return createGraphEngine(config, kernels, batchRows)
  } catch (error) {
    if (error instanceof UnsupportedError) return eager(error.message)
    throw error
  }
}
