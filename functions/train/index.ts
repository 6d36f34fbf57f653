/** Training jobs: preparing a container's folder, and the task that runs in it. */
export { type Candidate, checkNoCandidate, writeCandidate } from './candidate.ts'
export { type Layout, layoutOf } from './layout.ts'
export { type PrepareOptions, prepareJob } from './prepare.ts'
export { dataOptions } from './run.ts'
export { readSpec, type TrainingSpec } from './spec.ts'
export { startFiles } from './start.ts'
export { runTraining, StoppedError, type Trained, type TrainingDeps } from './task.ts'
