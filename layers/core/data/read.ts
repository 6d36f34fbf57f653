/** Reads a data set from whatever holds it, and says what a person should know before training on it. */
import { InvalidInputError } from '../errors.ts'
import { readCifar10 } from './cifar10.ts'
import { readImageFolders } from './image-folder.ts'
import type { LocatedSource } from './image-layout.ts'
import { readArrays } from './npz.ts'
import type { DataLocation, ReadDataDeps, ReadDataOptions } from './options.ts'
import { balanceOf, describeBalance } from './report.ts'
import type { ReadResult } from './result.ts'
import { extensionOf, isImagePath, openSource, type Source } from './source/index.ts'
import { partNames } from './split.ts'
import { readTables } from './table.ts'
import { nameSome } from './text.ts'
import type { DataReport, DataSet } from './types.ts'

type Reader = (located: readonly LocatedSource[], options: ReadDataOptions, deps: ReadDataDeps) => Promise<ReadResult>

const readers: Readonly<Record<DataReport['format'], Reader>> = {
  'image-folder': readImageFolders,
  'cifar10-binary': readCifar10,
  npz: readArrays,
  csv: readTables,
}

/**
 * Reads images (folder, zip, tar, tar.gz), CIFAR-10 binary batches, arrays (.npz, folder of .npy) or tables (.csv).
 *
 * @throws NotFoundError for absent paths; InvalidInputError for data that cannot be learned from, with what to do;
 * TooLargeError when it cannot fit in memory; MaasError `canceled` when the signal is aborted
 */
export async function readDataSet(
  location: DataLocation,
  options: ReadDataOptions,
  deps: ReadDataDeps,
): Promise<DataSet> {
  const started = performance.now()
  const located: LocatedSource[] = []
  for (const part of partNames) {
    const path = location[part]
    if (path !== undefined) located.push({ part, source: await openSource(path, options.signal) })
  }
  const format = formatOfAll(located)
  const { parts, ...read } = await readers[format](located, options, deps)
  if (parts.train.examples === 0) {
    throw new InvalidInputError(
      'No example is left to train on. Lower the shares for validation and test, or give more data.',
    )
  }
  const balance = balanceOf(parts, read.labels)
  return {
    task: read.task,
    labels: read.labels,
    ...parts,
    preprocess: read.preprocess,
    report: {
      name: located[0]?.source.name ?? '',
      fingerprint: read.fingerprint,
      format,
      split: read.split,
      rowShape: parts.train.rowShape,
      balance,
      ...read.bad.report(),
      warnings: [...read.warnings, ...describeBalance(balance, parts, read.labels)],
      seconds: (performance.now() - started) / 1000,
    },
  }
}

function formatOfAll(located: readonly LocatedSource[]): DataReport['format'] {
  const [first, ...others] = located.map(({ source }) => ({ source, format: formatOf(source) }))
  const other = others.find((one) => one.format !== first?.format)
  if (first === undefined || other === undefined) return first?.format ?? 'image-folder'
  throw new InvalidInputError(
    `The parts are of different kinds: ${first.source.name} is ${first.format}, ${other.source.name} is ${other.format}. Give all parts in one format.`,
  )
}

function formatOf(source: Source): DataReport['format'] {
  const paths = source.entries.map((entry) => entry.path)
  if (paths.length === 0) throw new InvalidInputError(`${source.name} holds no files.`)
  if (paths.some((path) => /(^|\/)data_batch_\d+\.bin$/.test(path))) return 'cifar10-binary'
  if (paths.some(isImagePath)) return 'image-folder'
  if (paths.some((path) => extensionOf(path) === 'npy')) return 'npz'
  if (paths.some((path) => /\.(csv|tsv)$/i.test(path))) return 'csv'
  const kinds = [...new Set(paths.map((path) => `.${extensionOf(path)}`))]
  throw new InvalidInputError(
    `${source.name} holds no data set in a known format, only ${nameSome(kinds)} files. Allowed: folders of JPEG, PNG or WebP images, CIFAR-10 binary batches, .npz or .npy arrays, .csv tables.`,
  )
}
