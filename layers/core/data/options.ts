/** What a caller may ask of `readDataSet`. */
import type { ImagePreprocess, TabularPreprocess } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import type { ImageKernels } from './image.ts'
import type { OnProgress } from './pace.ts'

/** Paths of files or folders. `train` may bring its own test and validation parts. */
export interface DataLocation {
  readonly train: string
  readonly validation?: string | undefined
  readonly test?: string | undefined
}

export interface ReadDataOptions {
  /** For tables and arrays. @default inferred, and said in the report's warnings */
  readonly task?: 'classification' | 'regression' | undefined
  /** For tables: the column to predict. @default the one called target, label, class or y */
  readonly target?: string | undefined
  /** Share of train, 0..0.9, for a validation part that the data does not bring. */
  readonly validationSplit: number
  /** Share of train, 0..0.9, for a test part that the data does not bring. */
  readonly testSplit: number
  readonly seed: number
  /** Files (or table rows) that may be unreadable before reading fails; they are listed either way. */
  readonly maxBadFiles: number
  /** @default the most frequent size in a sample of the images */
  readonly imageSize?: { readonly height: number; readonly width: number } | undefined
  /** @default 1 when a sample of the images is all grey, else 3 */
  readonly channels?: 1 | 3 | undefined
  /** Overrides of the spec's other fields, such as `crop` or `mean`. */
  readonly preprocess?: Partial<Omit<ImagePreprocess, 'kind' | 'height' | 'width' | 'channels'>> | undefined
  /** For tables: an encoding fitted before, in place of one fitted on the train part. */
  readonly encoding?: TabularPreprocess | undefined
  /** Counts examples. */
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReadDataDeps {
  readonly kernels: ImageKernels
  /** Bytes that decoded data may take. @default 80 % of this machine's memory, at most 4 GiB a part */
  readonly memoryBytes?: number | undefined
}

/** Formats whose pixels have one size cannot take another; saying nothing would train on something else than was asked for. */
export function refuseOtherSize(options: ReadDataOptions, height: number, width: number, channels: number): void {
  const { imageSize = { height, width }, channels: wanted = channels } = options
  if (imageSize.height === height && imageSize.width === width && wanted === channels) return
  throw new InvalidInputError(
    `The images in this data are ${width} x ${height} pixels with ${channels} channels and are not resized; leave the image size out, or give the data as an image folder.`,
  )
}
