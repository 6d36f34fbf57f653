/** A version's files as `model.tar.gz`, which the serving container takes: SageMaker unpacks it into the container's folder. */

import { type Manifest, versionFiles } from '../contract/index.ts'
import { packTarGz } from './container/pack.ts'

/** What serving needs, in the order that a reader meets it; reports and evaluations stay in the registry. */
const served = (['graph', 'model', 'weights', 'preprocess', 'labels', 'signature'] as const).map(
  (role) => versionFiles[role],
)

/** The same bytes for the same version. */
export const packVersion = async (
  { files, createdAt }: Pick<Manifest, 'files' | 'createdAt'>,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Uint8Array> => {
  const present = served.filter((path) => files.some((file) => file.path === path))
  const entries = await Promise.all(present.map(async (path) => [path, await read(path)] as const))
  return packTarGz(Object.fromEntries(entries), new Date(createdAt))
}
