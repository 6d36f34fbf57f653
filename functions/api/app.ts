/** The control plane over HTTP: models, versions, aliases, imports, training jobs, the contract's documents, and the playground. */
import type { ApiOperation, ImportOperation, KeyOperation } from '@maas/core/contract'
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

export interface ControlServices {
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

/** The app of this function alone, as the api Lambda runs it: keys are another's. */
export const createControlApp = (dependencies: AppOptions & ControlServices) =>
  createApp(controlHandlers(dependencies), dependencies)

const controlHandlers = ({
  registry,
  assets,
  imports,
  training,
  transforming,
}: ControlServices): Record<ApiOperation | ImportOperation, Handler> => ({
  ...modelHandlers(registry),
  ...importHandlers(registry, imports),
  ...aliasHandlers(registry, imports.ensureReplayed),
  ...jobHandlers(training),
  ...transformHandlers(registry, transforming),
  ...documentHandlers(),
  ...playgroundHandlers(assets),
})

/** All of it, where one process does everything. */
export const apiHandlers = (
  services: ControlServices & KeyDeps,
): Record<ApiOperation | ImportOperation | KeyOperation, Handler> => ({
  ...controlHandlers(services),
  ...keyHandlers(services),
})
