/** Reads HDF5 in the test's own process, by the code that the reading process runs: for files of our own making, and many of them. */
import { InvalidInputError } from '@maas/core/errors'
import type { KerasReadOptions } from '@maas/core/formats'
import { FrameReader } from '../../layers/core/formats/hdf5/frame.ts'
import { FS, parse } from '../../layers/core/formats/hdf5/parse.mjs'

const MAX_BYTES = 1024 ** 3

export const readHdf5Here: NonNullable<KerasReadOptions['readHdf5']> = async (source, { name, skip = [] }) => {
  if (typeof source === 'string') throw new Error('takes bytes only')
  const path = '/here.h5'
  const frame = new FrameReader(MAX_BYTES)
  FS.writeFile(path, source)
  try {
    // The library's memory moves on, the frame keeps what it gets: hence copies.
    parse(path, { skip, maxBytes: MAX_BYTES, maxTensorBytes: MAX_BYTES, maxObjects: 100_000 }, (bytes: Uint8Array) =>
      frame.push(bytes.slice()),
    )
  } finally {
    FS.unlink(path)
  }
  if (frame.refused !== undefined) throw new InvalidInputError(`${name}: ${frame.refused}`)
  return frame.finish()
}
