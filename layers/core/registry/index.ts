/** The registry: versions, aliases and their files in an object store. */
export { parityFails, replayOn } from './certificates.ts'
export type { RegistryDeps } from './context.ts'
export * as registryKeys from './layout.ts'
export { createRegistry } from './registry.ts'
export * from './rollback.ts'
export type * from './types.ts'
