/** Compiled graphs: training steps and predictions that TensorFlow runs as a whole instead of operation by operation. */

export { openGraphSession } from './graph-session.ts'
export { type CompiledModel, compileInference, compileSession } from './inference.ts'
export { type InferenceSession, openSession, type SessionOptions } from './inference-session.ts'
export { createGraphEngine, type GraphEngine } from './training.ts'
export type {
  Batch,
  OptimizerConfig,
  OptimizerState,
  StepConfig,
  StepEngine,
  StepResult,
} from './types.ts'
