/** Training jobs as records in the object store, whoever runs them. */
export * from './describe.ts'
export * from './jobs.ts'
export * from './log.ts'
export * from './newest-first.ts'
export * from './price.ts'
export * from './record.ts'
export * from './runner.ts'
