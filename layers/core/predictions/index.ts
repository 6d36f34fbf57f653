/** Predictions as resources: asked now, answered later, with webhooks. */
export * from './predictions.ts'
export * from './webhook.ts'
