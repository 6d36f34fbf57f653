/** Model formats: whatever file a model came from or goes to, there is one in-memory shape. */
export * from './layers-json.ts'
export * from './layers-model.ts'
export * from './types.ts'
export * from './write-file.ts'
