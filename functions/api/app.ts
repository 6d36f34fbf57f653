/** The control plane over HTTP: models, versions and aliases. */
import type { ApiOperation } from '@maas/core/contract'
import { type AppOptions, createApp, type Handler } from '@maas/core/http'
import type { Registry } from '@maas/core/registry'
import { aliasHandlers } from './aliases.ts'
import { documentHandlers } from './documents.ts'
import { modelHandlers } from './models.ts'

export interface ApiDependencies extends AppOptions {
  readonly registry: Registry
}

/** The app of this function alone, as the API Lambda runs it. */
export const createControlApp = (dependencies: ApiDependencies) => createApp(apiHandlers(dependencies), dependencies)

export const apiHandlers = ({ registry }: Pick<ApiDependencies, 'registry'>): Record<ApiOperation, Handler> => ({
  ...modelHandlers(registry),
  ...aliasHandlers(registry),
  ...documentHandlers(),
})
