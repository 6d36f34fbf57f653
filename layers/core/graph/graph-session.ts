/** A model that came as a graph, in this process: unlike what is compiled here it may hold variables, tables, texts and int64. */
import { type DType, sizeOf, type TensorData, type TensorSpec } from '../contract/index.ts'
import { InvalidInputError, UnsupportedError } from '../errors.ts'
import { isAllowedOperation } from '../kernels/allowed-operations.ts'
import type { InferenceSession } from './inference-session.ts'
import { loadGraph } from './load-graph.ts'
import { readSavedModel, type SignatureTensor } from './saved-model.ts'
import { type Feed, runGraph, type SessionSurface } from './session.ts'

/**
 * Loads the content of a `saved_model.pb` and initialises its variables and tables.
 * Throws UnsupportedError when the graph or its function library holds an operation that is not allowed: a graph is a program, and some operations read files.
 */
export function openGraphSession(file: Uint8Array, native: SessionSurface): InferenceSession {
  const summary = readSavedModel(file)
  const foreign = [...summary.operations].filter((operation) => !isAllowedOperation(operation))
  if (foreign.length > 0) {
    throw new UnsupportedError(`The graph holds operations that are not allowed: ${foreign.join(', ')}.`)
  }
  const inputs = Object.entries(summary.inputs)
  const outputs = Object.entries(summary.outputs)
  const fetches = outputs.map(([, output]) => output.tensor)
  const model = loadGraph(native, file)
  let open = true
  return {
    signature: { inputs: inputs.map(toSpec), outputs: outputs.map(toSpec) },
    // A graph may compute over its whole batch.
    rowsIndependent: false,
    async run(tensors) {
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
          return [name, { dtype: servedType(output), shape, data }]
        }),
      )
    },
    dispose() {
      if (open) native.deleteSavedModel(model)
      open = false
    },
  }
}

const toSpec = ([name, tensor]: [string, SignatureTensor]): TensorSpec => ({
  name,
  dtype: servedType(tensor),
  shape: [...tensor.shape],
})

const servedType = ({ dtype }: SignatureTensor): DType => (dtype === 'int64' ? 'int32' : (dtype as DType))

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
