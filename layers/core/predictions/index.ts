/** Predictions as resources: asked now, answered later, with webhooks. */
export type { DeferredRequest, Owner } from './deferred-request.ts'
export * from './predictions.ts'
export * from './webhook.ts'
