/** Gradients of several steps averaged into one update, with Keras' arithmetic: sums live in variables, and the update sets them to zero. */
import { type Attr, floatScalar, type GraphNode, intScalar, makeNode, makeOutput, type Output } from './ir.ts'
import { addToVariable, declareVariable, type StateVariable } from './state.ts'

export interface Accumulation {
  /** In the weights' order; they start at 0 and belong to a checkpoint. */
  readonly sums: readonly StateVariable[]
  /** What a step that ends with an update updates by: the mean of its own gradients and those kept before. */
  readonly means: readonly Output[]
  /** Run in its stead by a step that only adds to the sums. */
  readonly keep: readonly GraphNode[]
  /** Run with the update, after the sums are read. */
  readonly reset: readonly GraphNode[]
}

const T: Record<string, Attr> = { T: { type: 'float32' } }

/** @param steps how many make one update */
export function accumulateGradients(
  weights: readonly StateVariable[],
  gradients: readonly Output[],
  steps: number,
): Accumulation {
  const sums = weights.map(({ name, shape }) => declareVariable(`${name}/accumulator`, { dtype: 'float32', shape }))
  const totals = sums.map((sum, index) => makeOutput('AddV2', [gradients[index] as Output, sum.read], T, sum))
  return {
    sums,
    means: totals.map((total, index) =>
      makeOutput('RealDiv', [total, floatScalar(steps)], T, sums[index] as StateVariable),
    ),
    keep: sums.map((sum, index) => addToVariable(sum, gradients[index] as Output)),
    reset: sums.map(({ handle, read, shape }, index) => {
      const zeros = makeOutput('ZerosLike', [read], T, { dtype: 'float32', shape })
      const after = { controls: [(totals[index] as Output).node] }
      return makeNode('AssignVariableOp', [handle, zeros], { dtype: { type: 'float32' } }, [], after)
    }),
  }
}

/** How many updates were made before a step, given how many steps were. */
export const updatesBefore = (step: Output, steps: number): Output => {
  const type = { dtype: 'int32', shape: [] } as const
  return makeOutput('FloorDiv', [step, intScalar(steps)], { T: { type: 'int32' } }, type)
}
