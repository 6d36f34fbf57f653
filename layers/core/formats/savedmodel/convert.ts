/** A SavedModel's files to one graph file that holds what its signature computes and nothing else. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { readFields } from '../../protobuf.ts'
import type { ModelFiles } from '../container/types.ts'
import { type BuiltGraph, buildGraph } from './build.ts'
import { type MetaGraph, type RawSignature, readMetaGraph } from './meta-graph.ts'
import type { RawNode } from './raw-graph.ts'
import { restoredVariables } from './restore.ts'
import { openTensorBundle, type StoredTensor, type TensorBundle } from './tensor-bundle.ts'

const indexPath = 'variables/variables.index'

/** InvalidInputError for damaged files, UnsupportedError for a graph that is not allowed or not served. */
export const convertSavedModel = (files: ModelFiles): BuiltGraph => {
  const file = files.get('saved_model.pb')
  if (file === undefined) throw new InvalidInputError('there is no saved_model.pb')
  const meta = readMetaGraph(file)
  const { graph, initOps } = meta
  return buildGraph({ graph, initOps, signature: servingSignature(meta), variable: variablesOf(meta, files) })
}

const servingSignature = ({ signatures }: MetaGraph): RawSignature => {
  const known = [...signatures.keys()].filter((name) => (signatures.get(name)?.outputs.length ?? 0) > 0)
  const signature =
    signatures.get('serving_default') ?? (known.length === 1 ? signatures.get(known[0] ?? '') : undefined)
  if (signature === undefined) {
    const found = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    throw new UnsupportedError(
      `the SavedModel has no signature serving_default (${found}); save it with model.export(folder), or with tf.saved_model.save(model, folder, signatures={'serving_default': function})`,
    )
  }
  if (signature.inputs.length === 0) throw new UnsupportedError('the signature serving_default takes no inputs')
  if (signature.outputs.length === 0) throw new UnsupportedError('the signature serving_default gives no outputs')
  return signature
}

/** Opened with the first variable: a graph may have none. */
const variablesOf = ({ graph, restoreOp }: MetaGraph, files: ModelFiles): ((node: RawNode) => StoredTensor) => {
  let keys: ReadonlyMap<string, string> | undefined
  let bundle: TensorBundle | undefined
  return (node) => {
    keys ??= restoreOp === undefined ? new Map() : restoredVariables(graph, restoreOp)
    const key = keys.get(node.name)
    if (key === undefined) {
      throw new UnsupportedError(
        `variable ${node.name} is not restored from the checkpoint, so that its value is not known`,
      )
    }
    bundle ??= openBundle(files)
    const stored = bundle.tensor(key)
    const declared = typeOf(node)
    if (declared !== undefined && declared !== stored.dtype) {
      throw new InvalidInputError(`variable ${node.name} has type number ${declared}, its stored value ${stored.dtype}`)
    }
    return stored
  }
}

const openBundle = (files: ModelFiles): TensorBundle => {
  const index = files.get(indexPath)
  if (index === undefined) throw new InvalidInputError(`there is no ${indexPath}; the SavedModel's folder is not whole`)
  const padded = (value: number) => String(value).padStart(5, '0')
  return openTensorBundle(index, (at, count) => files.get(`variables/variables.data-${padded(at)}-of-${padded(count)}`))
}

const typeOf = (node: RawNode): number | undefined => {
  const dtype = node.attrs.get('dtype')
  const [field] = dtype === undefined ? [] : [...readFields(dtype)].filter(({ number }) => number === 6)
  return field === undefined ? undefined : Number(field.int)
}
