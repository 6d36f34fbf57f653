/** Predictions: request bodies in, the model run, response bodies out. */
export * from './check.ts'
export * from './classify.ts'
export * from './decode.ts'
export * from './encode.ts'
export * from './load.ts'
export * from './predictor.ts'
export type * from './types.ts'
