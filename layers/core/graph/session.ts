/** Runs a graph file on TensorFlow without any tfjs: tensors in, tensors out, by name. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NamedTensors, type Signature, sizeOf, type TensorData, type TensorSpec } from '../contract/index.ts'
import { InvalidInputError, UnsupportedError } from '../errors.ts'
import type { NativeSurface } from '../kernels/index.ts'
import { isAllowedOperation } from './allowed-operations.ts'
import { readSavedModel, type SignatureTensor } from './saved-model.ts'

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

/** A compiled model, ready to answer. */
export interface InferenceSession {
  readonly signature: Signature
  /** Throws InvalidInputError naming the input that is missing, unknown or of another type or shape. */
  run(inputs: NamedTensors): NamedTensors
  dispose(): void
}

/**
 * Loads `saved_model.pb` of a folder.
 * Throws UnsupportedError when the graph holds an operation that `compileInference` does not write: a graph is a program, and some operations read files.
 */
export async function openSession(directory: string, native: SessionSurface): Promise<InferenceSession> {
  const summary = readSavedModel(await readFile(join(directory, 'saved_model.pb')))
  const foreign = [...summary.operations].filter((operation) => !isAllowedOperation(operation))
  if (foreign.length > 0) {
    throw new UnsupportedError(`The graph holds operations that compiled models do not use: ${foreign.join(', ')}.`)
  }
  const inputs = Object.entries(summary.inputs)
  const outputs = Object.entries(summary.outputs)
  const fetches = outputs.map(([, output]) => output.tensor)
  const model = native.loadSavedModel(directory, 'serve')
  let open = true
  return {
    signature: { inputs: inputs.map(toSpec), outputs: outputs.map(toSpec) },
    run(tensors) {
      if (!open) throw new InvalidInputError('The session is closed; open it again.')
      const feeds = inputs.map(([name, input]) => toFeed(name, input, tensors[name]))
      const unknown = Object.keys(tensors).find((name) => summary.inputs[name] === undefined)
      if (unknown !== undefined) {
        const known = inputs.map(([name]) => name).join(', ')
        throw new InvalidInputError(`The model has no input ${unknown}; it takes ${known}.`, { param: unknown })
      }
      const results = runGraph(native, model, feeds, fetches)
      return Object.fromEntries(
        outputs.map(([name, output], index) => {
          const { shape, data } = results[index] as (typeof results)[number]
          return [name, { dtype: output.dtype as TensorData['dtype'], shape, data }]
        }),
      )
    },
    dispose() {
      if (open) native.deleteSavedModel(model)
      open = false
    },
  }
}

const toSpec = ([name, { dtype, shape }]: [string, SignatureTensor]): TensorSpec => ({
  name,
  dtype: dtype as TensorSpec['dtype'],
  shape: [...shape],
})

function toFeed(name: string, { tensor, dtype, shape }: SignatureTensor, given: TensorData | undefined): Feed {
  const wanted = `${dtype} [${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}]`
  if (given === undefined) throw new InvalidInputError(`Input ${name} is missing; it takes ${wanted}.`, { param: name })
  const fits =
    given.dtype === dtype &&
    given.shape.length === shape.length &&
    shape.every((size, axis) => size === -1 || size === given.shape[axis]) &&
    given.data.length === sizeOf(given.shape)
  if (!fits) {
    const got = `${given.dtype} [${given.shape.join(', ')}] with ${given.data.length} values`
    throw new InvalidInputError(`Input ${name} is ${got}; the model takes ${wanted}.`, { param: name })
  }
  return { tensor, dtype: dtype as Feed['dtype'], shape: given.shape, data: given.data as Feed['data'] }
}
