/** Files of a model as one archive: the same files give the same bytes. */
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { zipSync } from 'fflate'
import { pack } from 'tar-stream'

type Files = Readonly<Record<string, Uint8Array>>

/** The first day that a zip can name. */
const epoch = new Date('1980-01-01T00:00:00')

/** Stored as they are: weights hardly compress. */
export const packZip = (files: Files): Uint8Array => zipSync({ ...files }, { level: 0, mtime: epoch })

export const packTarGz = async (files: Files, modified: Date = epoch): Promise<Uint8Array> => {
  const archive = pack()
  const whole = buffer(archive)
  for (const [name, bytes] of Object.entries(files)) {
    archive.entry({ name, mode: 0o644, mtime: modified }, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }
  archive.finalize()
  return promisify(gzip)(await whole)
}
