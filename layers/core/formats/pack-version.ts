/** A version's files as `model.tar.gz`, which the serving container takes: SageMaker unpacks it into the container's folder. */

import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { type Manifest, versionFiles } from '../contract/index.ts'

/** What serving needs, in the order that a reader meets it; reports and evaluations stay in the registry. */
const served = (['graph', 'model', 'weights', 'preprocess', 'labels', 'signature'] as const).map(
  (role) => versionFiles[role],
)

/** The same bytes for the same version. */
export const packVersion = async (
  { files, createdAt }: Pick<Manifest, 'files' | 'createdAt'>,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Uint8Array> => {
  const archive = pack()
  const whole = buffer(archive)
  for (const name of served.filter((path) => files.some((file) => file.path === path)))
    archive.entry({ name, mode: 0o644, mtime: new Date(createdAt) }, Buffer.from(await read(name)))
  archive.finalize()
  return promisify(gzip)(await whole)
}
