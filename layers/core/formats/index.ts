/** Model formats: whatever file a model came from or goes to, there is one in-memory shape. */
export { type CustomLayer, type CustomLayers, installCustomLayers } from './adapters/custom.ts'
export { prepareHdf5, type ReadHdf5 } from './hdf5/index.ts'
export * from './infer-preprocess.ts'
export {
  ConversionRefusedError,
  type ConversionReport,
  type ConvertedModel,
  type KerasReadOptions,
  type LayerReport,
  readKerasArchive,
  readKerasH5,
  readKerasWeights,
  writeKerasArchive,
  writeKerasH5,
} from './keras/index.ts'
export * from './layers-json.ts'
export * from './layers-model.ts'
export * from './layers-signature.ts'
export * from './layers-topology.ts'
export * from './pack-version.ts'
export * from './read-file.ts'
export { residentBytes } from './sandbox/process.ts'
export * from './savedmodel/signature.ts'
export type * from './types.ts'
export * from './version-files.ts'
export * from './write-file.ts'
export * from './write-model.ts'
export * from './writers.ts'
