/** A model's files into one artifact: which format they are of, and that format's reader. */
import { InvalidInputError } from '../../errors.ts'
import { modelRoot } from '../container/archive.ts'
import type { ModelFiles } from '../container/types.ts'
import { decodeLayersJson, encodeLayersJson, parseModelJson } from '../layers-json.ts'
import type { BuiltGraph } from '../savedmodel/build.ts'
import { convertSavedModel } from '../savedmodel/convert.ts'
import { convertGraphModel, shards } from '../tfjs/convert.ts'
import type { ReaderAnswer } from './types.ts'

export interface Answer {
  /** Its `parts` are the lengths of what follows it. */
  readonly answer: ReaderAnswer
  readonly parts: readonly Uint8Array[]
}

const lengths = (parts: readonly Uint8Array[]): number[] => parts.map(({ length }) => length)

const graphAnswer = (source: string, { savedModel, notes, operations }: BuiltGraph): Answer => ({
  answer: { kind: 'graph', source, notes: [...notes], operations: [...operations], parts: [savedModel.length] },
  parts: [savedModel],
})

/** InvalidInputError for what is damaged, UnsupportedError for what cannot be converted exactly or is not allowed. */
export const convertFiles = (files: ModelFiles): Answer => {
  const saved = modelRoot(files, ['saved_model.pb'])
  if (saved.size > 0) return graphAnswer('TensorFlow SavedModel', convertSavedModel(saved))
  const keras = modelRoot(files, ['model.weights.h5'])
  if (keras.size > 0) {
    const wanted = ['config.json', 'metadata.json', 'model.weights.h5']
    const parts = wanted.map((path) => {
      const part = keras.get(path)
      if (part === undefined) throw new InvalidInputError(`it looks like a Keras archive, but has no ${path}`)
      return part
    })
    return { answer: { kind: 'keras', parts: lengths(parts) }, parts }
  }
  const tfjs = modelRoot(files, ['model.json'])
  const model = tfjs.get('model.json')
  if (model === undefined) {
    const names = [...files.keys()].slice(0, 5).join(', ')
    throw new InvalidInputError(
      `it holds none of saved_model.pb (SavedModel), model.json (TF.js) and config.json with model.weights.h5 (.keras), but ${names}`,
    )
  }
  const json = parseModelJson(model)
  if (json.format === 'graph-model') return graphAnswer('TF.js graph model', convertGraphModel(json, tfjs))
  const weights = shards(
    json.weightsManifest.flatMap(({ paths }) => paths),
    tfjs,
  )
  const encoded = encodeLayersJson(decodeLayersJson(model, weights))
  const quantized = json.weightsManifest
    .flatMap((group) => group.weights)
    .flatMap(({ quantization }) => quantization?.dtype ?? [])
  const notes = [...new Set(quantized)].map(
    (dtype) => `weights were stored as ${dtype}; they are decoded as TF.js does it`,
  )
  const parts = [encoded.model, encoded.weights]
  return { answer: { kind: 'layers', source: 'TF.js layers model', notes, parts: lengths(parts) }, parts }
}
