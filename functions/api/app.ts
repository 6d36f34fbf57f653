/** The control plane over HTTP: models, versions, aliases, the contract's documents, and the playground. */
import type { ApiOperation } from '@maas/core/contract'
import { type AppOptions, createApp, type Handler } from '@maas/core/http'
import type { Registry } from '@maas/core/registry'
import { aliasHandlers } from './aliases.ts'
import type { Assets } from './assets.ts'
import { documentHandlers } from './documents.ts'
import { modelHandlers } from './models.ts'
import { playgroundHandlers } from './playground.ts'

export interface ApiDependencies extends AppOptions {
  readonly registry: Registry
  /** The playground's files. */
  readonly assets: Assets
}

/** The app of this function alone, as the API Lambda runs it. */
export const createControlApp = (dependencies: ApiDependencies) => createApp(apiHandlers(dependencies), dependencies)

export const apiHandlers = ({
  registry,
  assets,
}: Pick<ApiDependencies, 'registry' | 'assets'>): Record<ApiOperation, Handler> => ({
  ...modelHandlers(registry),
  ...aliasHandlers(registry),
  ...documentHandlers(),
  ...playgroundHandlers(assets),
})
