/** Types of the native addon and of what core may do with it; after tfjs-node's own `tfjs_binding.ts`. */
import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

/** A tensor inside TensorFlow: its handle, shape and TensorFlow dtype number. */
export interface TensorMetadata {
  readonly id: number
  readonly shape: number[]
  readonly dtype: number
}

/** One attribute of an operation; `type` is a number of `NativeSurface.attrTypes`. */
export interface OpAttr {
  readonly name: string
  readonly type: number
  readonly value: boolean | number | object | string | number[]
}

/** What TensorFlow takes as a tensor's content; strings are byte arrays, int64 is two int32 per element, low part first. */
export type NativeValues = Float32Array | Int32Array | Uint8Array | BigInt64Array | readonly Uint8Array[]

/** The C++ addon itself, as tfjs-node 4.22.0 exports it. */
export interface NativeBinding {
  createTensor(shape: readonly number[], dtype: number, values: NativeValues): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint8Array[]
  executeOp(name: string, attrs: readonly OpAttr[], inputIds: readonly number[], outputs: number): TensorMetadata[]
  loadSavedModel(directory: string, tags: string): number
  deleteSavedModel(id: number): void
  runSavedModel(id: number, inputIds: readonly number[], feeds: string, fetches: string): TensorMetadata[]
  getNumOfSavedModels(): number
  getNumOfTensors(): number
  isUsingGpuDevice(): boolean
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_INT64: number
  readonly TF_BOOL: number
  readonly TF_COMPLEX64: number
  readonly TF_STRING: number
  readonly TF_RESOURCE: number
  readonly TF_UINT8: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_ATTR_RESOURCE: number
  readonly TF_Version: string
}

/** tfjs-node's backend: every kernel goes through its two `execute…Output(s)` methods, which a tracer may replace. */
export interface NativeBackend extends KernelBackend {
  readonly binding: NativeBinding
  executeSingleOutput(name: string, attrs: readonly OpAttr[], inputs: readonly TensorInfo[]): Tensor
  executeMultipleOutputs(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[]
  /** Handles of tensors, written to TensorFlow now if they still wait in JavaScript. */
  getInputTensorIds(tensors: readonly TensorInfo[]): number[]
  /** Makes a tfjs tensor that owns the handle. */
  createOutputTensor(metadata: TensorMetadata): Tensor
}

declare const sessionMark: unique symbol
/** A session of the session addon. */
export type SessionHandle = { readonly [sessionMark]: true }

export interface SessionResult {
  readonly shape: number[]
  /** TensorFlow's number. */
  readonly dtype: number
  readonly data: Float32Array | Int32Array | Uint8Array
}

/** One per feed: values, or one byte array per text. */
export type SessionValues = readonly (Float32Array | Int32Array | Uint8Array | readonly Uint8Array[])[]

/** The C++ addon of `layers/tfjs-node/native/session.cc`: sessions for fixed feeds and fetches, over graphs from memory. */
export interface SessionBinding {
  /**
   * @param config a serialised ConfigProto
   * @param ownThreads threads that `config` asks for are the session's own, not those of the process's first session
   */
  open(
    graphDef: Uint8Array,
    config: Uint8Array,
    feeds: readonly string[],
    fetches: readonly string[],
    ownThreads: boolean,
  ): SessionHandle
  /** Another session over the same graph and variables, which live as long as one of their sessions is open. */
  also(session: SessionHandle, feeds: readonly string[], fetches: readonly string[]): SessionHandle
  /** Freed now, or when the last run under way is over. */
  close(session: SessionHandle): void
  /** Above one part the rows are dealt out evenly and run at once, here and on as many threads as there are further parts. */
  run(
    session: SessionHandle,
    data: SessionValues,
    shapes: readonly (readonly number[])[],
    parts: number,
  ): SessionResult[]
  /** The same off the event loop. */
  runElsewhere(
    session: SessionHandle,
    data: SessionValues,
    shapes: readonly (readonly number[])[],
    parts: number,
  ): Promise<SessionResult[]>
  /**
   * Nested JSON lists of numbers that begin at `start`, as `JSON.parse` and `Math.fround` would read them, and where
   * they end; undefined for anything else.
   */
  readFloats(
    bytes: Uint8Array,
    start: number,
  ): { readonly shape: number[]; readonly data: Float32Array; readonly end: number } | undefined
  /** Where the first number is that is infinite or none; -1 when all are finite. */
  firstNotFinite(values: Float32Array): number
}

/** Pixels of a decoded image, rows from the top, channels last. */
export interface DecodedImage {
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
  readonly channels: 1 | 3
}

/** What core does with TensorFlow beyond tfjs. Handles (numbers) made here must be deleted by the caller. */
export interface NativeSurface {
  readonly binding: NativeBinding
  readonly backend: NativeBackend
  /** Sessions for fixed feeds and fetches. */
  readonly sessions: SessionBinding
  /** Folder the library was loaded from. */
  readonly directory: string
  readonly dtypes: Readonly<
    Record<'float32' | 'int32' | 'int64' | 'bool' | 'complex64' | 'string' | 'resource' | 'uint8', number>
  >
  readonly attrTypes: Readonly<Record<'string' | 'int' | 'float' | 'bool' | 'type' | 'shape' | 'resource', number>>

  /** One operation on tfjs tensors, eagerly; the result is a tfjs tensor and obeys `tf.tidy`. */
  executeSingleOutput(name: string, attrs: readonly OpAttr[], inputs: readonly TensorInfo[]): Tensor
  executeMultipleOutputs(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[]
  /** One operation on handles, unknown to tfjs. */
  executeOp(name: string, attrs: readonly OpAttr[], inputIds: readonly number[], outputs: number): TensorMetadata[]

  createTensor(shape: readonly number[], dtype: number, values: NativeValues): number
  tensorDataSync(id: number): ReturnType<NativeBinding['tensorDataSync']>
  deleteTensor(id: number): void
  /** The handle of a tfjs tensor; it stays the tensor's own. */
  handleOf(tensor: TensorInfo): number
  /** A tfjs tensor that takes over a handle. */
  adopt(metadata: TensorMetadata): Tensor

  /** Loads a session. A SavedModel is a program: load only graphs whose operations were checked. */
  loadSavedModel(directory: string, tag?: string): number
  /**
   * @param inputs handles or tfjs tensors, one per feed
   * @param feeds tensor names such as `images:0`
   * @param fetches tensor names; an operation without output is reached through a control input
   */
  runSavedModel(
    model: number,
    inputs: readonly (number | TensorInfo)[],
    feeds: readonly string[],
    fetches: readonly string[],
  ): TensorMetadata[]
  deleteSavedModel(model: number): void

  /** Decodes a JPEG to the same pixels as Pillow (libjpeg-turbo, accurate integer DCT). Check the size in the header first. */
  decodeJpeg(bytes: Uint8Array, options: { readonly channels: 1 | 3 }): DecodedImage

  /** Live tensors and sessions inside TensorFlow; flat numbers mean no leak. */
  counters(): { readonly tensors: number; readonly savedModels: number }
}
