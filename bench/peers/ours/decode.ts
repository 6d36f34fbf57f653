/** Ours: core/data reads the archive, every picture decoded into one array per part. */
import { createHash } from 'node:crypto'
import { type DataPart, readDataSet } from '@maas/core/data'
import { serve } from '../node/protocol.mjs'
import { benchKernels, versionsOf } from './model.ts'

const kernels = await benchKernels()

async function decode({ path }: { readonly path: string }) {
  const start = performance.now()
  const options = { validationSplit: 0, testSplit: 0, seed: 1, maxBadFiles: 0 }
  const { train, validation, test } = await readDataSet({ train: path }, options, { kernels })
  const seconds = (performance.now() - start) / 1000
  const pictures = [train, validation, test].flatMap(picturesOf).sort((a, b) => (a.path < b.path ? -1 : 1))
  const digest = createHash('sha256')
  for (const { path: name, pixels } of pictures) digest.update(name).update(pixels)
  return { images: pictures.length, seconds, hash: digest.digest('hex') }
}

const picturesOf = ({ features, rowShape, sources = [] }: DataPart) => {
  const size = rowShape.reduce((product, side) => product * side, 1)
  return sources.map((path, row) => ({ path, pixels: features.subarray(row * size, (row + 1) * size) }))
}

await serve(versionsOf(kernels), { decode })
