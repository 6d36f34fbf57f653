/** The service on one machine: serving, and training jobs as child processes. */
export * from './bundle.mjs'
export * from './jobs.ts'
export { workerProgram } from './process.ts'
export { openLocalImports, pushModel } from './push.ts'
export * from './samples.ts'
export * from './service.ts'
export * from './signals.ts'
export { openLocalInputs, runLocalTransform } from './transform.ts'
