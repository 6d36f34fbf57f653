/** Keras files in and out. */
export { type ConvertedModel, type KerasReadOptions, readKerasArchive, readKerasH5, readKerasWeights } from './read.ts'
export { ConversionRefusedError, type ConversionReport, type LayerReport } from './report.ts'
export { writeKerasArchive, writeKerasH5 } from './write.ts'
