/** The seam between the training loop and what executes one step; declared beside the traced graph, which may not import this folder. */
export type { Batch, OptimizerConfig, OptimizerState, StepConfig, StepEngine, StepResult } from '../graph/types.ts'
