/** Data in: readers, splits, preprocessing and batches. */
export { batches, type DataBatch } from './batches.ts'
export { decodeImage, type ImageKernels, pixelsToFloat, probeImage } from './image.ts'
export type { DataLocation, ReadDataDeps, ReadDataOptions } from './options.ts'
export type { OnProgress } from './pace.ts'
export { shuffledIndices } from './random.ts'
export { readDataSet } from './read.ts'
export { encodeRows } from './tabular.ts'
export type * from './types.ts'
