/** Records a computation at three batch sizes and merges the records into one graph for all of them. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { withRecordableGather } from './gather.ts'
import { generalise, type SizedTrace, traceSizes } from './generalise.ts'
import { intVector, makeOutput, type Output, placeholder, typeOf } from './ir.ts'
import type { Three } from './rows.ts'
import type { NativeKernels } from './step.ts'
import { type Binding, trace } from './tracer.ts'

/** An input of the computation whose first dimension is the batch. */
export interface BatchInput {
  /** What the graph feeds; its type's first size is -1. */
  readonly output: Output
  /** An example to record with, `[rows, …]`, of the same type. */
  example(rows: number): Tensor
}

export interface Computation {
  readonly inputs: readonly BatchInput[]
  /** Tensors of fixed shape and what stands for them: weights, counters. */
  readonly bindings: readonly Binding[]
  /** `TraceOptions.constants`. */
  readonly constants?: readonly Binding[]
  /** Computes on examples and gives the outputs to keep, in any fixed order. */
  run(examples: readonly Tensor[], outputOf: (tensor: TensorInfo) => Output): readonly Output[]
}

/** @param rows an int32 scalar of the graph: how many rows are fed */
export function traceAnyBatch(
  { tf, native }: NativeKernels,
  rows: Output,
  { inputs, bindings, constants = [], run }: Computation,
): Output[] {
  const names = inputs.map((_, index) => `stand-in/${index}`)
  const record = (count: number): SizedTrace => {
    let roots: readonly Output[] = []
    tf.tidy(() => {
      const examples = inputs.map((input) => input.example(count))
      const standIns = examples.map((tensor, index): Binding => {
        const { dtype } = typeOf(inputOf(inputs, index))
        return [tensor, placeholder(names[index] as string, { dtype, shape: tensor.shape })]
      })
      const known = { bindings: [...bindings, ...standIns], constants }
      roots = withRecordableGather({ tf, native }, () => trace(native, known, (outputOf) => run(examples, outputOf)))
    })
    return { rows: count, roots }
  }
  const traces = traceSizes.map(record) as unknown as Three<SizedTrace>
  return generalise(traces, new Map(names.map((name, index) => [name, inputOf(inputs, index)])), rows)
}

const inputOf = (inputs: readonly BatchInput[], index: number): Output => (inputs[index] as BatchInput).output

/** The size of the first dimension, known when the graph runs. */
export function rowsOf(input: Output): Output {
  const { dtype, shape } = typeOf(input)
  const sizes = makeOutput(
    'Shape',
    [input],
    { T: { type: dtype }, out_type: { type: 'int32' } },
    { dtype: 'int32', shape: [shape.length] },
  )
  const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 1 }
  return makeOutput(
    'StridedSlice',
    [sizes, intVector([0]), intVector([1]), intVector([1])],
    {
      T: { type: 'int32' },
      Index: { type: 'int32' },
      ...Object.fromEntries(Object.entries(masks).map(([name, int]) => [name, { int }])),
    },
    { dtype: 'int32', shape: [] },
    { name: 'rows' },
  )
}
