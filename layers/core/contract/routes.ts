/** Every route of the service as data: what the apps mount, and what OpenAPI, API Gateway and the SDK are made from. */
import { importRoutes } from './import-routes.ts'
import { inferenceRoutes } from './inference-routes.ts'
import { jobRoutes } from './job-routes.ts'
import { modelRoutes } from './model-routes.ts'
import type { Route } from './route.ts'
import { serviceRoutes } from './service-routes.ts'
import { servingRoutes } from './serving-routes.ts'
import { transformRoutes } from './transform-routes.ts'

export const routes: readonly Route[] = [
  ...servingRoutes,
  ...inferenceRoutes,
  ...modelRoutes,
  ...importRoutes,
  ...jobRoutes,
  ...transformRoutes,
  ...serviceRoutes,
]

/** What a deployment has. */
export const deployedRoutes = routes.filter(({ only }) => only !== 'local')
