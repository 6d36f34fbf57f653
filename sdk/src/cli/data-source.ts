/** Turns `--data` into a path: generated shapes, the original CIFAR-10, or the user's own. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { formatBytes } from './format.ts'
import { interruptible } from './interrupt.ts'
import type { Output } from './output.ts'
import { createBar } from './progress.ts'
import { UsageError } from './usage.ts'

const shapes = { seed: 1, train: 6000, test: 1000, size: 32 }

/** Drawn once per root; the same on every machine. */
const generateShapesZip = async (directory: string, output: Output): Promise<string> => {
  const { generateShapes, writeImageFolderZip } = await import('@maas/core/data')
  const path = join(directory, `shapes-${shapes.train + shapes.test}.zip`)
  if (existsSync(path)) return path
  const bar = createBar(output)
  await mkdir(directory, { recursive: true })
  const files = await interruptible(
    (signal) =>
      generateShapes({ ...shapes, signal, onProgress: (done, total) => bar.show('drawing', done, total ?? 1) }),
    () => output.note('Stopping…'),
  ).finally(() => bar.clear())
  await writeImageFolderZip(path, files)
  output.line(`data    drew ${files.length} images of ten shapes: ${path}`)
  return path
}

/** `MAAS_CIFAR10_URL` with `MAAS_CIFAR10_SHA256` names a mirror where the original home cannot be reached. */
const downloadOriginal = async (directory: string, output: Output): Promise<string> => {
  const { downloadCifar10 } = await import('@maas/core/data')
  const { MAAS_CIFAR10_SHA256: sha256, MAAS_CIFAR10_URL: url } = process.env
  const destination = join(directory, 'cifar-10-binary.tar.gz')
  const bar = createBar(output)
  const { downloaded } = await interruptible(
    (signal) =>
      downloadCifar10({
        destination,
        url,
        sha256,
        signal,
        onProgress: (done, total = done) =>
          bar.show('download', done, total, `${formatBytes(done)} of ${formatBytes(total)}`),
      }),
    () => output.note('Stopping; the next attempt goes on from here.'),
  ).finally(() => bar.clear())
  output.line(`data    CIFAR-10, ${downloaded ? 'downloaded and checked' : 'already here'}: ${destination}`)
  return destination
}

/** A path that exists; `cifar10` and nothing at all are names of data sets that are made on the spot. */
export const resolveData = async (source: string | undefined, root: string, output: Output): Promise<string> => {
  const directory = resolve(root, 'datasets')
  if (source === undefined) return generateShapesZip(directory, output)
  if (existsSync(source)) return resolve(source)
  if (source === 'cifar10') return downloadOriginal(directory, output)
  throw new UsageError('--data', `${source} does not exist; give a path, or cifar10 to download the original`)
}
