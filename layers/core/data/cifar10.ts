/** Reads CIFAR-10's binary version: records of one class byte and three planes of 32 x 32 pixels. Source: the data's home page. */
import { hash } from 'node:crypto'
import { imagePreprocessSchema } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import { BadFiles } from './bad-files.ts'
import type { LocatedSource } from './image-layout.ts'
import { type ReadDataDeps, type ReadDataOptions, refuseOtherSize } from './options.ts'
import { type Examples, takeParts } from './parts.ts'
import { Fingerprint, type ReadResult } from './result.ts'
import { type PartName, splitExamples } from './split.ts'

const side = 32
const planeBytes = side * side
const recordBytes = 1 + 3 * planeBytes

/** In the order of their numbers, for archives without `batches.meta.txt`. */
const classNames = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'] as const

interface BatchFile {
  readonly name: string
  readonly part: PartName
  readonly bytes: Uint8Array
}

export async function readCifar10(
  located: readonly LocatedSource[],
  options: ReadDataOptions,
  deps: ReadDataDeps,
): Promise<ReadResult> {
  refuseOtherSize(options, side, side, 3)
  const [first, ...others] = located
  if (first === undefined || others.length > 0) {
    throw new InvalidInputError(
      'CIFAR-10 brings its own test part: give one location, without a validation or test location.',
    )
  }
  const { batches, labels } = await readBatches(first, options)
  const fingerprint = new Fingerprint()
  const records: Uint8Array[] = []
  const sources: string[] = []
  const given: PartName[] = []
  for (const { name, part, bytes } of batches) {
    fingerprint.add(name, hash('sha256', bytes))
    for (let start = 0; start < bytes.length; start += recordBytes) {
      records.push(bytes.subarray(start, start + recordBytes))
      sources.push(`${name}#${start / recordBytes}`)
      given.push(part)
    }
  }
  const targets = Int32Array.from(records, (record) => record[0] as number)
  const wrong = targets.findIndex((target) => target >= labels.length)
  if (wrong >= 0) {
    throw new InvalidInputError(
      `${sources[wrong]} is of class ${targets[wrong]}; there are ${labels.length}. It is damaged.`,
    )
  }
  const split = splitExamples(given, targets, options)
  const all: Examples = {
    rowShape: [side, side, 3],
    bytes: true,
    targets,
    copyRow: (example, out, at) => interleave(records[example] as Uint8Array, out, at),
    sourceOf: (example) => sources[example] as string,
  }
  return {
    format: 'cifar10-binary',
    task: 'classification',
    labels,
    parts: await takeParts(all, split.parts, { ...options, memoryBytes: deps.memoryBytes }),
    preprocess: imagePreprocessSchema.parse({
      ...options.preprocess,
      kind: 'image',
      height: side,
      width: side,
      channels: 3,
    }),
    fingerprint: fingerprint.hex(),
    split: split.description,
    bad: new BadFiles(options.maxBadFiles),
    warnings: [],
  }
}

async function readBatches({ source }: LocatedSource, options: ReadDataOptions) {
  const batches: BatchFile[] = []
  let labels: readonly string[] = classNames
  const nameOf = (path: string) => path.split('/').at(-1) ?? path
  const wanted = /^(data_batch_\d+\.bin|test_batch\.bin|batches\.meta\.txt)$/
  for await (const file of source.read((path) => wanted.test(nameOf(path)), options)) {
    const name = nameOf(file.path)
    if ('problem' in file) throw new InvalidInputError(`${source.name}: ${name}: ${file.problem}.`)
    if (name === 'batches.meta.txt') {
      labels = Buffer.from(file.bytes)
        .toString('utf8')
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean)
      continue
    }
    if (file.bytes.length === 0 || file.bytes.length % recordBytes !== 0) {
      throw new InvalidInputError(
        `${source.name}: ${name} has ${file.bytes.length} bytes, which is no whole number of ${recordBytes}-byte records. It is damaged or of another data set.`,
      )
    }
    batches.push({ name, part: name.startsWith('test') ? 'test' : 'train', bytes: file.bytes })
  }
  batches.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { batches, labels }
}

/** The three planes after the class byte, to channels last. */
function interleave(record: Uint8Array, out: Uint8Array | Float32Array, at: number): void {
  for (let pixel = 1, to = at; pixel <= planeBytes; pixel++, to += 3) {
    out[to] = record[pixel] as number
    out[to + 1] = record[pixel + planeBytes] as number
    out[to + 2] = record[pixel + 2 * planeBytes] as number
  }
}
