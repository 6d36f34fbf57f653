/** The HTTP plumbing that all apps share; knows the contract and nothing else. */
export * from './app.ts'
export * from './asked.ts'
export * from './body.ts'
export * from './json.ts'
export { nodeListener } from './node.ts'
