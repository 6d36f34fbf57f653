/** Parity certificates: golden inputs and outputs of a version, and how a replay of them is judged. */
export * from './golden.ts'
export * from './replay.ts'
