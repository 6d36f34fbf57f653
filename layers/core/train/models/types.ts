/** What a preset's architecture is a function of. */
import type { Topology } from '../model.ts'

export interface ArchitectureInput {
  /** Shape of one row. */
  readonly inputShape: readonly number[]
  /** Units of the last layer. */
  readonly outputs: number
  /** Activation of the last layer. */
  readonly head: 'softmax' | 'sigmoid' | 'linear'
  readonly l2: number
  readonly dropout: number
  readonly hiddenUnits: readonly number[]
}

export type Architecture = (input: ArchitectureInput) => Topology
