/** Runs a graph file on TensorFlow without any tfjs: tensors in, tensors out, by name. */
import type { TensorData } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import type { NativeSurface, NativeValues } from '../kernels/index.ts'

/** What a session needs of the native surface; the C++ addon alone can provide it. */
export type SessionSurface = Pick<
  NativeSurface,
  | 'createTensor'
  | 'deleteTensor'
  | 'tensorDataSync'
  | 'loadSavedModel'
  | 'runSavedModel'
  | 'deleteSavedModel'
  | 'dtypes'
>

/** A value for a tensor of the graph. */
export interface Feed {
  /** E.g. `features:0`. */
  readonly tensor: string
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'bool' | 'string'
  readonly shape: readonly number[]
  readonly data: TensorData['data']
}

/** Values of tensors of the graph, in the order asked for; everything made on the way is freed, also on failure. */
export function runGraph(
  native: SessionSurface,
  model: number,
  feeds: readonly Feed[],
  fetches: readonly string[],
): { readonly shape: number[]; readonly dtype: number; readonly data: TensorData['data'] }[] {
  const handles: number[] = []
  try {
    for (const { dtype, shape, data } of feeds) {
      handles.push(native.createTensor(shape, native.dtypes[dtype], toNative(data)))
    }
    const results = native.runSavedModel(
      model,
      handles,
      feeds.map((feed) => feed.tensor),
      fetches,
    )
    handles.push(...results.map((result) => result.id))
    return results.map(({ id, shape, dtype }) => ({ shape, dtype, data: fromNative(native.tensorDataSync(id)) }))
  } finally {
    for (const handle of handles) native.deleteTensor(handle)
  }
}

/** TensorFlow's strings are bytes. */
const toNative = (data: TensorData['data']): NativeValues =>
  ArrayBuffer.isView(data) ? data : data.map((text) => Buffer.from(text))

const fromNative = (data: ReturnType<SessionSurface['tensorDataSync']>): TensorData['data'] => {
  if (data instanceof BigInt64Array) return Int32Array.from(data, toInt32)
  return ArrayBuffer.isView(data) ? data : data.map((bytes) => Buffer.from(bytes).toString())
}

/** An int64 that is given as int32, or not at all. */
const toInt32 = (value: bigint): number => {
  if (BigInt.asIntN(32, value) === value) return Number(value)
  throw new UnsupportedError(
    `The model answers ${value}, an int64 that int32 cannot hold; have the graph give it as float32.`,
  )
}
