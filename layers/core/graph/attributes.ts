/** Attributes that eager execution infers from its inputs and a graph file must state. */
import { type Attrs, type Output, typeOf } from './ir.ts'

/** Operation → type attribute → the input that has this type; all that tfjs-node 4.22.0's kernels leave out. */
const inferred: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
}

export function completeAttrs(op: string, attrs: Attrs, inputs: readonly Output[]): Attrs {
  const complete = { ...attrs }
  for (const [name, index] of Object.entries(inferred[op] ?? {})) {
    const input = inputs[index]
    if (input !== undefined) complete[name] ??= { type: typeOf(input).dtype }
  }
  return complete
}
