/** Keras' own files to the one in-memory shape of a model: `.h5` of Keras 2 and 3, and `.keras`. */
import type { Preprocess } from '../../contract/index.ts'
import { InvalidInputError } from '../../errors.ts'
import type { CustomLayers } from '../adapters/custom.ts'
import { type Hdf5Group, type ReadHdf5, readHdf5 } from '../hdf5/index.ts'
import type { ModelArtifact, WeightTensor } from '../types.ts'
import { asRecord, type KerasLayer, layerFrom, nameOf, parseKerasJson, text } from './config.ts'
import { convertModel } from './model.ts'
import { type StoredOptimizer, storedOptimizer } from './optimizer.ts'
import { type ConversionReport, ReportBuilder } from './report.ts'
import { withoutTexts } from './texts.ts'
import { trainingConfigOf } from './training.ts'
import { weightsFromH5 } from './weights-h5.ts'
import { placesOf, weightsFromV3 } from './weights-v3.ts'
import { unzipKeras } from './zip.ts'

/** A model, and what became of each of its layers. */
export interface ConvertedModel {
  readonly artifact: ModelArtifact
  readonly report: ConversionReport
  /** What was done by layers at the front of the model and is now done before it. */
  readonly preprocess?: Preprocess
  /** The state of its optimiser, when it was asked for and the file has one. */
  readonly optimizer?: StoredOptimizer
}

export interface KerasReadOptions {
  /** What the file is called in messages. */
  readonly name: string
  readonly signal?: AbortSignal
  /** Also reads the optimiser's slots, which training needs and prediction does not. @default false */
  readonly optimizer?: boolean
  /** Layers of the caller's own. @default none, so that they are refused */
  readonly custom?: CustomLayers
  /** @default in a process of its own */
  readonly readHdf5?: ReadHdf5
}

/** A whole-model `.h5`, by path or content. */
export const readKerasH5 = async (source: string | Uint8Array, options: KerasReadOptions): Promise<ConvertedModel> => {
  const { readHdf5: read = readHdf5, custom, optimizer, ...named } = options
  const file = await read(source, { ...named, skip: optimizer ? [] : ['optimizer_weights'] })
  const config = text(file.attributes.get('model_config'))
  if (config === undefined) throw missingConfig(file, options.name)
  const version = text(file.attributes.get('keras_version')) ?? '2'
  const training = text(file.attributes.get('training_config'))
  return convert({
    model: layerFrom(parseKerasJson(config, 'model_config'), 'model_config'),
    version,
    source: `Keras ${version}, HDF5`,
    training: training === undefined ? undefined : parseKerasJson(training, 'training_config'),
    weightsOf: (model) => weightsFromH5(file, model),
    optimizer: storedOptimizer(file),
    ...(custom && { custom }),
  })
}

/** A `.keras` archive. */
export const readKerasArchive = async (bytes: Uint8Array, options: KerasReadOptions): Promise<ConvertedModel> => {
  const { config, metadata, weights, vocabularies } = unzipKeras(bytes, options.name)
  const json = asRecord(parseKerasJson(config, 'config.json')) ?? {}
  const version = text(asRecord(parseKerasJson(metadata, 'metadata.json'))?.keras_version) ?? '3'
  const { readHdf5: read = readHdf5, custom, optimizer, ...named } = options
  const skip = optimizer ? [] : ['optimizer']
  const file = await read(weights, { ...named, name: `${options.name}/model.weights.h5`, skip })
  return convert({
    model: layerFrom(json, 'config.json'),
    version,
    source: `Keras ${version}, .keras archive`,
    training: json.compile_config,
    weightsOf: (model) => weightsFromV3(file, model),
    vocabularies,
    optimizer: storedOptimizer(file),
    ...(custom && { custom }),
  })
}

/**
 * Weights alone (`model.save_weights`) onto a topology as `model.to_json()` writes it. InvalidInputError when the two do not fit,
 * or when the file is a whole model, which has a topology of its own.
 */
export const readKerasWeights = async (
  source: string | Uint8Array,
  topology: string,
  { readHdf5: read = readHdf5, custom, optimizer: _, ...named }: KerasReadOptions,
): Promise<ConvertedModel> => {
  const json = asRecord(parseKerasJson(topology, 'the topology')) ?? {}
  const model = layerFrom(json, 'the topology')
  const file = await read(source, { ...named, skip: ['optimizer', 'optimizer_weights'] })
  if (file.attributes.has('model_config')) {
    throw new InvalidInputError(`${named.name} is a whole model with a topology of its own; leave out the other one`, {
      param: 'topology',
    })
  }
  const byPlace = file.groups.has('layers') || file.groups.has('_layer_checkpoint_dependencies')
  if (!byPlace && !file.attributes.has('layer_names')) throw missingConfig(file, named.name)
  // Only Keras 3 says which module a class is from, and to_json does not always say the version.
  const version = text(json.keras_version) ?? (typeof json.module === 'string' ? '3' : '2')
  return convert({
    model,
    version,
    source: `Keras ${version}, weights onto a topology`,
    training: json.compile_config,
    weightsOf: (own) => (byPlace ? weightsFromV3(file, own) : weightsFromH5(file, own)),
    ...(custom && { custom }),
  })
}

interface Parts {
  readonly model: KerasLayer
  readonly version: string
  readonly source: string
  readonly training: unknown
  readonly weightsOf: (model: KerasLayer) => WeightTensor[]
  readonly vocabularies?: ReadonlyMap<string, string>
  readonly custom?: CustomLayers
  readonly optimizer?: StoredOptimizer | undefined
}

const convert = ({
  model: whole,
  version,
  source,
  training,
  weightsOf,
  vocabularies,
  custom,
  optimizer,
}: Parts): ConvertedModel => {
  const builder = new ReportBuilder()
  const places = new Map([...placesOf(whole)].map(([layer, place]) => [nameOf(layer), place]))
  const { model, preprocess } = withoutTexts(whole, builder, (layer) =>
    vocabularies?.get(places.get(nameOf(layer)) ?? ''),
  )
  const keras = version.startsWith('2') || version.startsWith('1') ? 2 : 3
  const topology = convertModel(model, { keras, report: builder, convertModel, ...(custom && { custom }) })
  const trainingConfig = trainingConfigOf(training, builder, optimizer !== undefined)
  const report = builder.finish(source)
  const artifact = {
    topology: { ...topology, keras_version: version, backend: 'tensorflow' },
    ...(trainingConfig && { trainingConfig }),
    weights: weightsOf(model),
  }
  return { artifact, report, ...(preprocess && { preprocess }), ...(optimizer && { optimizer }) }
}

const missingConfig = (file: Hdf5Group, name: string): InvalidInputError => {
  const weightsOnly = file.groups.has('layers') || file.attributes.has('layer_names')
  return new InvalidInputError(
    weightsOnly
      ? `${name} holds weights but no model; give its topology, which model.to_json() writes (--topology model.json), or save the whole model with model.save('model.keras')`
      : `${name} is an HDF5 file, but no Keras model: it has no model_config; save the whole model with model.save('model.keras')`,
    { param: name },
  )
}
