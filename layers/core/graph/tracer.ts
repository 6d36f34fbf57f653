/** Turns what tfjs computes into a graph: while it records, every operation the backend runs is also added as a node. */
import type { DataId, DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { UnsupportedError } from '../errors.ts'
import type { NativeSurface, OpAttr, TensorMetadata } from '../kernels/index.ts'
import { completeAttrs } from './attributes.ts'
import {
  type Attr,
  type Attrs,
  constant,
  constantOf,
  type DType,
  makeNode,
  type Output,
  type TensorType,
  type TensorValue,
} from './ir.ts'
import { simplify } from './simplify.ts'

/** A tensor whose value will be another one when the graph runs, and what stands for it there. */
export type Binding = readonly [tensor: TensorInfo, output: Output]

export interface TraceOptions {
  /** Tensors that change with what is fed. */
  readonly bindings: readonly Binding[]
  /** Tensors that do not, and the constants to use for them. @default constants are made of what is met */
  readonly constants?: readonly Binding[]
  /** @default 50,000 */
  readonly mostNodes?: number
}

/** Unrolled recurrent layers can ask for more; TensorFlow's start-up time grows with every node. */
const usualMost = 50_000

/**
 * Runs `body` and returns its result. In it, `outputOf` gives the graph output that computes a tensor from the bound
 * ones; a tensor that depends on none of them is a constant of the graph.
 *
 * Throws UnsupportedError when the computation cannot be recorded faithfully: it reads a value that depends on a bound
 * tensor (the graph would repeat this value for ever), uses a type graphs here do not carry, or grows too large.
 */
export function trace<T>(
  native: NativeSurface,
  options: TraceOptions,
  body: (outputOf: (tensor: TensorInfo) => Output) => T,
): T {
  const recorder = new Recorder(native, options)
  return recorder.run(() => body((tensor) => recorder.outputOf(tensor)))
}

class Recorder {
  readonly #native: NativeSurface
  readonly #readSync: (id: DataId) => unknown
  /** What computes each tensor that depends on a bound one. */
  readonly #computed: Map<DataId, Output>
  readonly #constants: Map<DataId, Output>
  /** Results of the operation that runs now; undefined between operations. */
  #results: TensorMetadata[] | undefined
  readonly #mostNodes: number
  #nodes = 0

  constructor(native: NativeSurface, { bindings, constants = [], mostNodes = usualMost }: TraceOptions) {
    this.#native = native
    this.#mostNodes = mostNodes
    this.#readSync = native.backend.readSync.bind(native.backend)
    const byData = (pairs: readonly Binding[]) => new Map(pairs.map(([tensor, output]) => [tensor.dataId, output]))
    this.#computed = byData(bindings)
    this.#constants = byData(constants)
  }

  run<T>(body: () => T): T {
    const { backend } = this.#native
    const { executeSingleOutput, executeMultipleOutputs, createOutputTensor } = backend
    const own: Partial<typeof backend> = {
      executeSingleOutput: (name, attrs, inputs) => {
        const [output] = this.#execute(name, attrs, inputs, () => [
          executeSingleOutput.call(backend, name, attrs, inputs),
        ])
        return output as Tensor
      },
      executeMultipleOutputs: (name, attrs, inputs, count) =>
        this.#execute(name, attrs, inputs, () => executeMultipleOutputs.call(backend, name, attrs, inputs, count)),
      createOutputTensor: (metadata) => {
        if (this.#results === undefined) throw new UnsupportedError('A layer runs native operations past the tracer.')
        this.#results.push(metadata)
        return createOutputTensor.call(backend, metadata)
      },
      readSync: (id) => {
        this.#refuseToRead(id)
        return this.#readSync(id) as ReturnType<typeof backend.readSync>
      },
      read: async (id) => {
        this.#refuseToRead(id)
        return this.#readSync(id) as ReturnType<typeof backend.readSync>
      },
    }
    // Own properties hide the class's methods for as long as they are there.
    Object.assign(backend, own)
    try {
      return body()
    } finally {
      for (const name of Object.keys(own)) Reflect.deleteProperty(backend, name)
    }
  }

  outputOf(tensor: TensorInfo): Output {
    const known = this.#computed.get(tensor.dataId) ?? this.#constants.get(tensor.dataId)
    const shared = known ?? constant(this.#valueOf(tensor))
    if (known === undefined) this.#constants.set(tensor.dataId, shared)
    return shared
  }

  #execute(name: string, attrs: readonly OpAttr[], inputs: readonly TensorInfo[], run: () => Tensor[]): Tensor[] {
    const results: TensorMetadata[] = []
    this.#results = results
    let tensors: Tensor[]
    try {
      tensors = run()
    } finally {
      this.#results = undefined
    }
    // What depends on no bound tensor has its value already and becomes a constant where it is used.
    if (inputs.some((input) => this.#computed.has(input.dataId))) this.#record(name, attrs, inputs, tensors, results)
    else if (name === 'Reshape') this.#shareConstant(inputs, tensors)
    return tensors
  }

  /** A weight in another shape keeps its bytes: read again from TensorFlow, every recording would hold a copy of the model. */
  #shareConstant([input]: readonly TensorInfo[], [tensor]: readonly Tensor[]): void {
    const known = input && this.#constants.get(input.dataId)
    const value = known && constantOf(known)
    if (value !== undefined && tensor !== undefined) {
      this.#constants.set(tensor.dataId, constant({ ...value, shape: tensor.shape }))
    }
  }

  #record(
    op: string,
    attrs: readonly OpAttr[],
    inputs: readonly TensorInfo[],
    tensors: readonly Tensor[],
    results: readonly TensorMetadata[],
  ): void {
    if (++this.#nodes > this.#mostNodes) {
      throw new UnsupportedError(
        `The computation takes more than ${this.#mostNodes} operations, too many for one graph.`,
      )
    }
    const sources = inputs.map((input) => this.outputOf(input))
    const types = results.map((result): TensorType => ({ dtype: this.#dtypeOf(op, result.dtype), shape: result.shape }))
    const complete = completeAttrs(op, this.#convertAttrs(op, attrs), sources)
    const [tensor, ...more] = tensors
    const [type] = types
    if (tensor !== undefined && type !== undefined && more.length === 0) {
      this.#computed.set(tensor.dataId, simplify(op, sources, complete, type))
      return
    }
    const node = makeNode(op, sources, complete, types)
    for (const [index, { dataId }] of tensors.entries()) this.#computed.set(dataId, { node, index })
  }

  #convertAttrs(op: string, attrs: readonly OpAttr[]): Attrs {
    return Object.fromEntries(attrs.map((attr) => [attr.name, this.#convertAttr(op, attr)]))
  }

  #convertAttr(op: string, { name, type, value }: OpAttr): Attr {
    const types = this.#native.attrTypes
    if (type === types.type) return { type: this.#dtypeOf(op, value as number) }
    if (type === types.int) return Array.isArray(value) ? { ints: value as number[] } : { int: value as number }
    if (type === types.float) return { float: value as number }
    if (type === types.bool) return { bool: value as boolean }
    if (type === types.string) return { string: value as string }
    if (type === types.shape) return { shape: value as number[] }
    throw new UnsupportedError(`Operation ${op} has an attribute ${name} of a kind that graphs here do not carry.`)
  }

  #dtypeOf(op: string, number: number): DType {
    const { dtypes } = this.#native
    for (const dtype of ['float32', 'int32', 'bool'] as const) if (dtypes[dtype] === number) return dtype
    throw new UnsupportedError(
      `Operation ${op} works on TensorFlow's dtype number ${number}; compiled graphs carry float32, int32 and bool.`,
    )
  }

  #refuseToRead(id: DataId): void {
    if (!this.#computed.has(id)) return
    throw new UnsupportedError(
      'A layer reads the value of a tensor in JavaScript (dataSync, arraySync), so its computation cannot be compiled.',
    )
  }

  #valueOf({ dataId, dtype, shape }: TensorInfo): TensorValue {
    return tensorValue(dtype, shape, this.#readSync(dataId) as ArrayLike<number>)
  }
}

/** A tensor's content as a graph stores it; throws UnsupportedError for types that graphs here do not carry. */
export function tensorValue(dtype: DataType, shape: readonly number[], values: ArrayLike<number>): TensorValue {
  const data = toTyped(dtype, values)
  const uniform = data.length > 1 && data.every((value: number) => value === data[0])
  return { dtype: dtype as DType, shape, data: uniform ? data.slice(0, 1) : data }
}

function toTyped(dtype: DataType, values: ArrayLike<number>): TensorValue['data'] {
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values)
    case 'int32':
      return values instanceof Int32Array ? values : Int32Array.from(values)
    case 'bool':
      return values instanceof Uint8Array ? values : Uint8Array.from(values)
    default:
      throw new UnsupportedError(`A constant of type ${dtype}; compiled graphs carry float32, int32 and bool.`)
  }
}
