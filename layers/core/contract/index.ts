/** The contract: schemas, names and limits that every part of the service and every client shares. */
export * from './evaluation.ts'
export * from './events.ts'
export * from './job.ts'
export * from './limits.ts'
export * from './names.ts'
export * from './preprocess.ts'
export * from './tensors.ts'
export * from './version.ts'
