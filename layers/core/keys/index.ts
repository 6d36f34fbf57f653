/** API keys: stored by hash, checked, and counted exactly. DynamoDB is in `keys/dynamodb`, so that one machine does not load it. */
export * from './access.ts'
export * from './counter.ts'
export * from './issue.ts'
export * from './object-store.ts'
export type * from './types.ts'
export * from './usage.ts'
