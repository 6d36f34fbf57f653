/** The SDK: load a model, ask it, manage a service. Using a service needs no dependency and loads no TensorFlow. */
export { Maas } from './client.ts'
export * from './errors.ts'
export { type LoadOptions, loadModel } from './load-model.ts'
export type { ClientOptions } from './remote/http.ts'
export type { AliasChange } from './resources/aliases.ts'
export type { Push, PushOptions } from './resources/imports.ts'
export type * from './types.ts'
export type { SendOptions } from './uploads/send.ts'
