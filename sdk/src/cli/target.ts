/** Where a command finds models: the registry in a folder of this machine, or a running service. */
import type { Registry } from '@maas/core/registry'
import type { TargetOptions } from './options.ts'

/** The part of the registry that commands use; a service answers the same questions over HTTP. */
export type Catalog = Pick<Registry, 'models' | 'versions' | 'aliases' | 'setAlias' | 'deleteAlias' | 'deleteVersion'>

/** The folder of the object store inside `--root`, beside `jobs/` and `datasets/`. */
export const storeDirectory = (root: string): string => `${root}/store`

/** The registry in `root`; nothing is created before the first write. */
export const openLocalRegistry = async (root: string): Promise<Registry> => {
  const [{ createFileStore }, { createRegistry }] = await Promise.all([
    import('@maas/core/store'),
    import('@maas/core/registry'),
  ])
  return createRegistry(createFileStore(storeDirectory(root)))
}

export const openCatalog = async ({ root, url, apiKey }: TargetOptions): Promise<Catalog> => {
  if (url === undefined) return openLocalRegistry(root)
  const { openRemoteCatalog } = await import('./remote-catalog.ts')
  return openRemoteCatalog(url, apiKey)
}
