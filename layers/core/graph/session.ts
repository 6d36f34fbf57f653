/** Runs a graph file on TensorFlow without any tfjs: tensors in, tensors out, by name. */
import type { NativeSurface } from '../kernels/index.ts'

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
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'bool'
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

/** Values of tensors of the graph, in the order asked for; everything made on the way is freed, also on failure. */
export function runGraph(
  native: SessionSurface,
  model: number,
  feeds: readonly Feed[],
  fetches: readonly string[],
): { readonly shape: number[]; readonly dtype: number; readonly data: Float32Array | Int32Array | Uint8Array }[] {
  const handles: number[] = []
  try {
    for (const { dtype, shape, data } of feeds) handles.push(native.createTensor(shape, native.dtypes[dtype], data))
    const results = native.runSavedModel(
      model,
      handles,
      feeds.map((feed) => feed.tensor),
      fetches,
    )
    handles.push(...results.map((result) => result.id))
    return results.map(({ id, shape, dtype }) => ({ shape, dtype, data: native.tensorDataSync(id) as Float32Array }))
  } finally {
    for (const handle of handles) native.deleteTensor(handle)
  }
}
