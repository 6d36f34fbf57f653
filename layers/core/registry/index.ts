/** The registry: versions, aliases and lineage over an object store. */
export type { RegistryDeps } from './context.ts'
export { createRegistry } from './registry.ts'
export type * from './types.ts'
