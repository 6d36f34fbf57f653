/** Transform jobs as records and parts in the object store, whoever runs them. */
export * from './output.ts'
export * from './parts.ts'
export * from './runner.ts'
export * from './transforms.ts'
