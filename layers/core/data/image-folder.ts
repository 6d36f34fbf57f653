/** Reads folders of images: plan from the names, then decode every image straight into its final row. */
import { hash } from 'node:crypto'
import { type ImagePreprocess, imagePreprocessSchema, sizeOf } from '../contract/index.ts'
import { InvalidInputError, MaasError } from '../errors.ts'
import { BadFiles } from './bad-files.ts'
import { decodeSized, probeImage } from './image.ts'
import { type FoundImage, type LocatedSource, layOutImages } from './image-layout.ts'
import { checkMemory } from './memory.ts'
import type { ReadDataDeps, ReadDataOptions } from './options.ts'
import { createPace } from './pace.ts'
import { Fingerprint, type ReadResult } from './result.ts'
import type { SourceFile } from './source/index.ts'
import { partNames, splitExamples } from './split.ts'
import { count } from './text.ts'
import type { DataPart } from './types.ts'

/** Images that are being decoded at once; enough for sharp's threads, few enough for the event loop. */
const parallelDecodes = 16
const probed = 25

export async function readImageFolders(
  located: readonly LocatedSource[],
  options: ReadDataOptions,
  deps: ReadDataDeps,
): Promise<ReadResult> {
  const { images, labels, warnings } = layOutImages(located)
  const spec = await fitSpec(images, options)
  const rowShape = [spec.height, spec.width, spec.channels]
  checkMemory(
    images.length * sizeOf(rowShape),
    `${count(images.length, 'image')} of ${spec.width} x ${spec.height} pixels`,
    'Give a smaller image size.',
    deps.memoryBytes,
  )
  const numberOf = new Map(labels.map((label, number) => [label, number]))
  const classes = Int32Array.from(images, (image) => numberOf.get(image.label) as number)
  const split = splitExamples(
    images.map((image) => image.part),
    classes,
    options,
  )
  const parts = partNames.map((name) => new PartBuilder(rowShape, split.parts[name], images, classes))
  const decoded = await decodeAll(images, parts, spec, options, deps)
  const [train, validation, test] = parts.map((part) => part.finish()) as [DataPart, DataPart, DataPart]
  if (decoded.resized > 0 && options.imageSize === undefined) {
    warnings.push(
      `Sizes differ: ${count(decoded.resized, 'image')} of ${images.length} were resized to ${spec.width} x ${spec.height}.`,
    )
  }
  return {
    format: 'image-folder',
    task: 'classification',
    labels,
    parts: { train, validation, test },
    preprocess: spec,
    fingerprint: decoded.fingerprint,
    split: split.description,
    bad: decoded.bad,
    warnings,
  }
}

/** The spec that the options and a sample of the images give. */
async function fitSpec(images: readonly FoundImage[], options: ReadDataOptions): Promise<ImagePreprocess> {
  const make = (size: { height: number; width: number }, channels: 1 | 3) =>
    imagePreprocessSchema.parse({ ...options.preprocess, kind: 'image', ...size, channels })
  const { imageSize, channels } = options
  if (imageSize !== undefined && channels !== undefined) return make(imageSize, channels)
  const sample = await probeSample(images, options)
  const bySize = new Map<string, number>()
  for (const { height, width } of sample) bySize.set(`${height}x${width}`, (bySize.get(`${height}x${width}`) ?? 0) + 1)
  const [[common] = ['']] = [...bySize].sort(([a, times], [b, others]) => others - times || (a < b ? -1 : 1))
  const [height = 0, width = 0] = common.split('x').map(Number)
  return make(imageSize ?? { height, width }, channels ?? (sample.every((image) => image.channels === 1) ? 1 : 3))
}

async function probeSample(images: readonly FoundImage[], options: ReadDataOptions) {
  const train = images.filter((image) => image.part === 'train')
  const step = Math.max(1, Math.floor(train.length / probed))
  const chosen = new Set(train.filter((_, index) => index % step === 0).map((image) => image.path))
  const sample: Awaited<ReturnType<typeof probeImage>>[] = []
  let trouble = ''
  for await (const file of (train[0] as FoundImage).source.read((path) => chosen.has(path), options)) {
    if ('problem' in file) trouble ||= `${file.path}: ${file.problem}`
    else
      await probeImage(file.bytes, { exif: options.preprocess?.exif ?? 'apply' }).then(
        (image) => sample.push(image),
        (error: unknown) => {
          trouble ||= `${file.path}: ${reasonOf(error)}`
        },
      )
  }
  if (sample.length === 0)
    throw new InvalidInputError(`None of ${count(chosen.size, 'image')} looked at can be read. ${trouble}`)
  return sample
}

async function decodeAll(
  images: readonly FoundImage[],
  parts: readonly PartBuilder[],
  spec: ImagePreprocess,
  options: ReadDataOptions,
  deps: ReadDataDeps,
) {
  const bad = new BadFiles(options.maxBadFiles)
  const pace = createPace(options)
  const digests = new Array<string | undefined>(images.length)
  const places = new Map<number, { part: PartBuilder; row: number }>()
  for (const part of parts) part.rows.forEach((image, row) => void places.set(image, { part, row }))
  let done = 0
  let resized = 0

  const decodeOne = async (file: SourceFile, index: number): Promise<void> => {
    const { part, row } = places.get(index) as { part: PartBuilder; row: number }
    try {
      if ('problem' in file) throw new InvalidInputError(file.problem)
      const { pixels, height, width } = await decodeSized(file.bytes, spec, deps.kernels)
      part.put(row, pixels)
      if (height !== spec.height || width !== spec.width) resized += 1
      digests[index] = hash('sha256', file.bytes)
    } catch (error) {
      part.drop(row)
      bad.add((images[index] as FoundImage).key, reasonOf(error))
    }
    done += 1
  }

  for (const [source, indices] of bySource(images)) {
    let waiting: SourceFile[] = []
    const decodeWaiting = () => Promise.all(waiting.map((file) => decodeOne(file, indices.get(file.path) as number)))
    for await (const file of source.read((path) => indices.has(path), options)) {
      waiting.push(file)
      if (waiting.length < parallelDecodes) continue
      await decodeWaiting()
      waiting = []
      await pace.breathe(done, images.length)
    }
    await decodeWaiting()
  }
  options.onProgress?.(done, images.length)
  const fingerprint = new Fingerprint()
  for (const [index, image] of images.entries()) {
    const digest = digests[index]
    if (digest !== undefined) fingerprint.add(image.key, digest)
  }
  return { fingerprint: fingerprint.hex(), bad, resized }
}

function bySource(images: readonly FoundImage[]): Map<FoundImage['source'], Map<string, number>> {
  const sources = new Map<FoundImage['source'], Map<string, number>>()
  for (const [index, image] of images.entries()) {
    const paths = sources.get(image.source) ?? new Map<string, number>()
    sources.set(image.source, paths.set(image.path, index))
  }
  return sources
}

/** Why an image cannot be used; anything but a fault of the image goes on upward. */
function reasonOf(error: unknown): string {
  const faults: readonly string[] = ['invalid_input', 'too_large', 'unsupported']
  if (error instanceof MaasError && faults.includes(error.code)) return error.message
  throw error
}

/** One part while it fills: rows in the order of the plan, closed up where images had to be dropped. */
class PartBuilder {
  readonly rows: Uint32Array
  readonly #rowShape: readonly number[]
  readonly #rowSize: number
  readonly #features: Uint8Array
  readonly #dropped = new Set<number>()
  readonly #images: readonly FoundImage[]
  readonly #classes: Int32Array

  constructor(rowShape: readonly number[], rows: Uint32Array, images: readonly FoundImage[], classes: Int32Array) {
    this.rows = rows
    this.#rowShape = rowShape
    this.#rowSize = sizeOf(rowShape)
    this.#features = new Uint8Array(rows.length * this.#rowSize)
    this.#images = images
    this.#classes = classes
  }

  put(row: number, pixels: Uint8Array): void {
    this.#features.set(pixels, row * this.#rowSize)
  }

  drop(row: number): void {
    this.#dropped.add(row)
  }

  finish(): DataPart {
    const kept = Array.from(this.rows.keys()).filter((row) => !this.#dropped.has(row))
    for (const [to, from] of kept.entries()) {
      if (to !== from) this.#features.copyWithin(to * this.#rowSize, from * this.#rowSize, (from + 1) * this.#rowSize)
    }
    const imageOf = (row: number) => this.rows[row] as number
    return {
      examples: kept.length,
      rowShape: this.#rowShape,
      features: this.#features.subarray(0, kept.length * this.#rowSize),
      targets: Int32Array.from(kept, (row) => this.#classes[imageOf(row)] as number),
      sources: kept.map((row) => (this.#images[imageOf(row)] as FoundImage).path),
    }
  }
}
