/** Stands in until core/graph lands. */
import { UnsupportedError } from '../errors.ts'
import type { StepConfig, StepEngine } from '../graph/types.ts'

export const createGraphEngine = (_config: StepConfig, _kernels: unknown, _batchRows: number): StepEngine => {
  throw new UnsupportedError('graphs are not built yet')
}
