/** The control plane over HTTP: models, versions, aliases, imports, training jobs, the contract's documents, and the playground. */
import type { ApiOperation, ImportOperation } from '@maas/core/contract'
import { type AppOptions, createApp, type Handler } from '@maas/core/http'
import type { Registry } from '@maas/core/registry'
import { aliasHandlers } from './aliases.ts'
import type { Assets } from './assets.ts'
import { documentHandlers } from './documents.ts'
import { type ImportServices, importHandlers } from './imports.ts'
import { type JobDependencies, jobHandlers } from './jobs.ts'
import { type KeyDeps, keyHandlers } from './keys.ts'
import { modelHandlers } from './models.ts'
import { playgroundHandlers } from './playground.ts'
import { type TransformDependencies, transformHandlers } from './transforms.ts'

export interface ApiDependencies extends AppOptions, KeyDeps {
  readonly registry: Registry
  /** The playground's files. */
  readonly assets: Assets
  readonly imports: ImportServices
  readonly training: JobDependencies
  readonly transforming: TransformDependencies
}

export type { FollowOptions } from './event-stream.ts'
export type { ImportServices } from './imports.ts'
export type { JobDependencies } from './jobs.ts'
export type { TransformDependencies } from './transforms.ts'

/** The app of this function alone, as the API Lambda runs it. */
export const createControlApp = (dependencies: ApiDependencies) => createApp(apiHandlers(dependencies), dependencies)

export const apiHandlers = ({
  registry,
  assets,
  imports,
  training,
  transforming,
  ...keys
}: Pick<ApiDependencies, 'registry' | 'assets' | 'imports' | 'training' | 'transforming' | keyof KeyDeps>): Record<
  ApiOperation | ImportOperation,
  Handler
> => ({
  ...modelHandlers(registry),
  ...importHandlers(registry, imports),
  ...aliasHandlers(registry),
  ...jobHandlers(training),
  ...transformHandlers(registry, transforming),
  ...documentHandlers(),
  ...keyHandlers(keys),
  ...playgroundHandlers(assets),
})
