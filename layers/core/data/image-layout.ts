/** Finds parts and classes in the names of files: `train/cat/1.jpg` or `cat/1.jpg`, below one common folder or none. */
import { InvalidInputError } from '../errors.ts'
import { extensionOf, isImagePath, type Source } from './source/index.ts'
import type { PartName } from './split.ts'
import { count, nameSome } from './text.ts'

/** The source that was given for a part; the one for `train` may bring the others. */
export interface LocatedSource {
  readonly part: PartName
  readonly source: Source
}

export interface FoundImage {
  readonly source: Source
  /** The name in the source. */
  readonly path: string
  /** `part/class/rest`: the same wherever the image lies. */
  readonly key: string
  readonly part: PartName
  readonly label: string
}

export interface ImageLayout {
  /** In order of `key`. */
  readonly images: readonly FoundImage[]
  readonly labels: readonly string[]
  readonly warnings: string[]
}

const partFolders: Readonly<Record<string, PartName>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'test',
  testing: 'test',
}
const partOf = (folder: string): PartName | undefined => partFolders[folder.toLowerCase()]

const otherPictures = new Set(['gif', 'bmp', 'tif', 'tiff', 'heic', 'heif', 'avif', 'jp2', 'svg', 'ico'])
const example = 'Expected train/CLASS/*.jpg and test/CLASS/*.jpg, or CLASS/*.jpg'

/** @throws InvalidInputError when the folders do not say which class an image is of, or leave classes out */
export function layOutImages(located: readonly LocatedSource[]): ImageLayout {
  const warnings: string[] = []
  const found = located.flatMap((one) => findImages(one, warnings))
  const own = new Set(located.filter((one) => one.part !== 'train').map((one) => one.source))
  const ownParts = new Set(located.map((one) => one.part))
  const images = found.filter((image) => image.part === 'train' || own.has(image.source) || !ownParts.has(image.part))
  if (images.length < found.length) {
    warnings.push(
      `${count(found.length - images.length, 'image')} in the train data's own test or validation folder are left out, since those parts were given apart.`,
    )
  }
  images.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return { images, labels: checkClasses(images, located), warnings }
}

function findImages({ part: given, source }: LocatedSource, warnings: string[]): FoundImage[] {
  const paths = source.entries.map((entry) => entry.path).filter(isImagePath)
  if (paths.length === 0) throw new InvalidInputError(`${source.name} holds no JPEG, PNG or WebP image. ${example}.`)
  mentionOtherPictures(source, warnings)
  const whole = paths.map((path) => path.split('/'))
  const depth = commonDepth(whole, source.folders)
  const split = paths.map((path, index) => ({ path, parts: (whole[index] as string[]).slice(depth) }))
  const byPart = isInParts(split.map(({ parts }) => parts))
  const images: FoundImage[] = []
  let loose = 0
  let unused = 0
  for (const { path, parts } of split) {
    const folders = parts.slice(0, -1)
    const part = byPart ? partOf(folders[0] ?? '') : given
    const [label, ...rest] = byPart ? parts.slice(1) : parts
    if (part === undefined) unused += 1
    else if (label === undefined || rest.length === 0) loose += 1
    else images.push({ source, path, part, label, key: [part, label, ...rest].join('/') })
  }
  const wanted = given === 'train' ? images : images.filter((image) => image.part === given)
  if (!wanted.some((image) => image.part === given)) {
    throw new InvalidInputError(`${source.name} has no class folders with images for ${given}. ${example}.`)
  }
  if (loose > 0) warnings.push(`${count(loose, 'image')} of ${source.name} lie in no class folder and are left out.`)
  if (unused > 0)
    warnings.push(`${count(unused, 'image')} of ${source.name} lie beside train/ and test/ and are left out.`)
  refuseEmptyClasses(source, depth, byPart, wanted)
  return wanted
}

/** How many folders all images share: `cifar10/train/cat/1.jpg` has one to pass over, `cat/1.jpg` none. */
function commonDepth(paths: readonly (readonly string[])[], folders: readonly string[]): number {
  const all = [...paths, ...folders.map((folder) => [...folder.split('/'), ''])]
  const shallowest = paths.reduce((least, parts) => Math.min(least, parts.length), Number.POSITIVE_INFINITY)
  for (let depth = 0; depth < shallowest - 2; depth++) {
    const only = paths[0]?.[depth] ?? ''
    const shared = all.every((parts) => parts.length <= depth + 1 || parts[depth] === only)
    if (!shared || partOf(only) !== undefined) return depth
  }
  return Math.max(0, shallowest - 2)
}

/** `train` may be a part or, beside `car` and `bus`, a class: parts hold class folders. */
function isInParts(images: readonly (readonly string[])[]): boolean {
  const foldered = images.filter((parts) => parts.length > 1)
  const inPart = foldered.filter((parts) => partOf(parts[0] ?? '') !== undefined)
  if (inPart.length === 0) return false
  return inPart.length === foldered.length || inPart.every((parts) => parts.length > 2)
}

function refuseEmptyClasses(source: Source, depth: number, byPart: boolean, images: readonly FoundImage[]): void {
  const level = depth + (byPart ? 2 : 1)
  const full = new Set(images.map((image) => image.path.split('/').slice(0, level).join('/')))
  const empty = source.folders.filter((folder) => {
    const parts = folder.split('/')
    return parts.length === level && (!byPart || partOf(parts[depth] ?? '') !== undefined) && !full.has(folder)
  })
  if (empty.length === 0) return
  throw new InvalidInputError(
    `${source.name} has class folders without any image: ${nameSome(empty)}. Fill them or remove them.`,
  )
}

function mentionOtherPictures(source: Source, warnings: string[]): void {
  const others = source.entries.filter((entry) => otherPictures.has(extensionOf(entry.path)))
  if (others.length === 0) return
  const kinds = [...new Set(others.map((entry) => `.${extensionOf(entry.path)}`))].join(', ')
  warnings.push(
    `${count(others.length, 'file')} of ${source.name} are no JPEG, PNG or WebP and are left out (${kinds}).`,
  )
}

/** The class names, sorted; every given part must know the same ones. */
function checkClasses(images: readonly FoundImage[], located: readonly LocatedSource[]): string[] {
  const classesOf = (part: PartName) =>
    new Set(images.filter((image) => image.part === part).map((image) => image.label))
  const labels = [...classesOf('train')].sort()
  const name = located[0]?.source.name
  if (labels.length < 2) {
    throw new InvalidInputError(
      `${name} has only one class, ${nameSome(labels)}: there is nothing to tell apart. Give at least two class folders.`,
    )
  }
  for (const part of ['validation', 'test'] as const) {
    const present = classesOf(part)
    if (present.size === 0) continue
    const missing = labels.filter((label) => !present.has(label))
    const extra = [...present].filter((label) => !labels.includes(label)).sort()
    if (extra.length > 0) throw lacking('train', part, extra, labels.length + extra.length)
    if (missing.length > 0) throw lacking(part, 'train', missing, labels.length)
  }
  return labels
}

const lacking = (part: PartName, other: PartName, classes: readonly string[], all: number): InvalidInputError =>
  new InvalidInputError(
    `The ${part} data lacks ${classes.length} of ${all} classes, ${nameSome(classes)}, which the ${other} data has. Add images of them to ${part}, or remove them from ${other}.`,
  )
