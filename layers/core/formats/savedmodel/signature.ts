/** What a graph file of ours takes and gives, in the terms of the service. */
import type { DType, Signature, TensorSpec } from '../../contract/index.ts'
import { InvalidInputError } from '../../errors.ts'
import type { GraphArtifact } from '../types.ts'
import { readMetaGraph, type TensorInfo } from './meta-graph.ts'

/** int64 is given as int32, each value checked to fit. */
const served: Readonly<Record<number, DType>> = {
  1: 'float32',
  3: 'int32',
  4: 'uint8',
  7: 'string',
  9: 'int32',
  10: 'bool',
}

/** InvalidInputError for a file that was not made by the reader of graphs. */
export const signatureOfGraph = ({ graph }: GraphArtifact): Signature => {
  const signature = readMetaGraph(graph).signatures.get('serving_default')
  if (signature === undefined) throw new InvalidInputError('the graph has no signature serving_default')
  return { inputs: signature.inputs.map(specOf), outputs: signature.outputs.map(specOf) }
}

const specOf = ({ name, dtype, shape }: TensorInfo): TensorSpec => {
  const type = served[dtype]
  if (type === undefined || shape === undefined)
    throw new InvalidInputError(`${name} of the graph has no served type or shape`)
  return { name, dtype: type, shape: [...shape] }
}
