/** Reads NumPy arrays: x_train, y_train, x_test, y_test (and x_val, y_val), or x and y, in one .npz or a folder of .npy files. */

import { constants } from 'node:buffer'
import { hash } from 'node:crypto'
import { imagePreprocessSchema, type Preprocess } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import { BadFiles } from './bad-files.ts'
import type { LocatedSource } from './image-layout.ts'
import { type NpyArray, parseNpy } from './npy.ts'
import { type ReadDataDeps, type ReadDataOptions, refuseOtherSize } from './options.ts'
import { type Examples, takeParts } from './parts.ts'
import { Fingerprint, type ReadResult } from './result.ts'
import { extensionOf } from './source/index.ts'
import { type PartName, partNames, splitExamples } from './split.ts'
import { readTargets } from './targets.ts'
import { nameSome } from './text.ts'

interface PartArrays {
  readonly part: PartName
  readonly x: NpyArray
  readonly y: NpyArray
}

/** Suffixes of array names, by part; the bare `x` and `y` stand for the part that the file was given for. */
const suffixes: Readonly<Record<PartName, readonly string[]>> = {
  train: ['_train'],
  validation: ['_val', '_validation', '_valid'],
  test: ['_test'],
}

export async function readArrays(
  located: readonly LocatedSource[],
  options: ReadDataOptions,
  deps: ReadDataDeps,
): Promise<ReadResult> {
  const fingerprint = new Fingerprint()
  const parts: PartArrays[] = []
  for (const one of located) {
    const found = await readSource(one, options)
    for (const part of found)
      if (!parts.some((other) => other.part === part.part) || part.part === one.part) parts.push(part)
  }
  const [first] = parts
  if (first === undefined) throw new InvalidInputError('There is no array to train on.')
  const rowShape = first.x.shape.slice(1)
  for (const { x, y } of parts) {
    if (x.shape.slice(1).join() !== rowShape.join() || x.values.constructor !== first.x.values.constructor) {
      throw new InvalidInputError(
        `${x.name} has rows of another shape or type than ${first.x.name}. All parts must agree.`,
      )
    }
    if (x.shape[0] !== y.shape[0]) {
      throw new InvalidInputError(
        `${x.name} has ${x.shape[0]} rows and ${y.name} ${y.shape[0]}. Every row needs one target.`,
      )
    }
    fingerprint.add(x.name, hash('sha256', bytesOf(x)))
    fingerprint.add(y.name, hash('sha256', bytesOf(y)))
  }
  const warnings: string[] = []
  const { task, labels, targets } = readTargets(parts, options.task, warnings)
  const given = parts.flatMap(({ part, x }) => new Array<PartName>(x.shape[0] ?? 0).fill(part))
  const split = splitExamples(given, task === 'classification' ? targets : new Uint8Array(targets.length), options)
  const { examples, preprocess } = describe(parts, options, targets)
  return {
    format: 'npz',
    task,
    labels,
    preprocess,
    warnings,
    parts: await takeParts(examples, split.parts, { ...options, memoryBytes: deps.memoryBytes }),
    fingerprint: fingerprint.hex(),
    split: split.description,
    bad: new BadFiles(options.maxBadFiles),
  }
}

async function readSource({ part: given, source }: LocatedSource, options: ReadDataOptions): Promise<PartArrays[]> {
  const arrays = new Map<string, NpyArray>()
  const wanted = (path: string) => extensionOf(path) === 'npy'
  for await (const file of source.read(wanted, { ...options, maxBytes: constants.MAX_LENGTH })) {
    if ('problem' in file) throw new InvalidInputError(`${source.name}: ${file.path}: ${file.problem}.`)
    const name = (file.path.split('/').at(-1) ?? '').replace(/\.npy$/i, '')
    arrays.set(name.toLowerCase(), parseNpy(name, file.bytes))
  }
  const pick = (letter: 'x' | 'y', part: PartName): NpyArray | undefined =>
    [...suffixes[part], ...(part === given ? [''] : [])].map((suffix) => arrays.get(letter + suffix)).find(Boolean)
  const parts = (given === 'train' ? partNames : [given]).flatMap((part): PartArrays[] => {
    const [x, y] = [pick('x', part), pick('y', part)]
    if (x !== undefined && y !== undefined) return [{ part, x, y }]
    if (x === undefined && y === undefined && part !== given) return []
    throw new InvalidInputError(
      `${source.name} has arrays ${nameSome([...arrays.keys()], 10)}. Needed for ${part}: x${suffixes[part][0]} and y${suffixes[part][0]}${part === given ? ', or x and y' : ''}.`,
    )
  })
  return parts
}

/** Bytes that look like pictures are images, and serving will decode files for them; everything else goes in as it comes. */
function describe(
  parts: readonly PartArrays[],
  options: ReadDataOptions,
  targets: Examples['targets'],
): { readonly examples: Examples; readonly preprocess: Preprocess } {
  const { x } = parts[0] as PartArrays
  const rowShape = x.shape.slice(1)
  if (rowShape.length === 0)
    throw new InvalidInputError(`${x.name} has one dimension; rows of features are needed, e.g. (1000, 12).`)
  const [height = 0, width = 0, channels = 1] = rowShape
  const pictures = x.values instanceof Uint8Array && (rowShape.length === 2 || rowShape.length === 3)
  if (pictures && rowShape.length === 3 && channels > 4 && (height === 1 || height === 3)) {
    throw new InvalidInputError(
      `${x.name} has shape (${x.shape.join(', ')}), channels first. Put them last: ${x.name}.transpose(0, 2, 3, 1).`,
    )
  }
  const image = pictures && (channels === 1 || channels === 3)
  if (image) refuseOtherSize(options, height, width, channels)
  const shape = image ? [height, width, channels] : rowShape
  return {
    examples: { rowShape: shape, bytes: image, targets, copyRow: rowCopier(parts) },
    preprocess: image
      ? imagePreprocessSchema.parse({ ...options.preprocess, kind: 'image', height, width, channels })
      : { kind: 'tensor' },
  }
}

function rowCopier(parts: readonly PartArrays[]): Examples['copyRow'] {
  const starts: number[] = []
  let total = 0
  for (const { x } of parts) {
    starts.push(total)
    total += x.shape[0] ?? 0
  }
  return (example, out, at) => {
    const index = starts.findLastIndex((start) => start <= example)
    const { x } = parts[index] as PartArrays
    const row = example - (starts[index] as number)
    const size = x.values.length / (x.shape[0] ?? 1)
    for (let column = 0; column < size; column++) {
      const value = Number(x.values[row * size + column])
      if (!Number.isFinite(value)) {
        throw new InvalidInputError(`${x.name}[${row}] holds ${value}. Replace or remove such values before training.`)
      }
      out[at + column] = value
    }
  }
}

const bytesOf = ({ values }: NpyArray): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
