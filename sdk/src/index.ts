/** The client of maas: a model is a service, wherever it runs. */
export * from './errors.ts'
export type { CallOptions, ConnectionOptions } from './http.ts'
export type { ImageFile, Images, Input, Row, TensorLike } from './input.ts'
export { type LoadOptions, loadModel } from './load-model.ts'
export type { Answers, Label, Model, Signature, TensorSpec } from './model.ts'
