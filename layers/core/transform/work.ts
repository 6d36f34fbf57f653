/** What does the work of a transform: apart, because it reads data and runs models, which a control plane never does. */
export * from './answer.ts'
export * from './items.ts'
export * from './run.ts'
export * from './sources.ts'
