/** Vetting of imported models, as the local service and the command line run it. */
export * from './file.ts'
export * from './run.ts'
export * from './sweep.ts'
export * from './task.ts'
