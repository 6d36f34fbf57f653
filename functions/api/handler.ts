/** Entry of the api Lambda. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler, lambdaStream } from '@maas/core/http/lambda'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { createControlApp } from './app.ts'
import { folderAssets } from './assets.ts'
import { readEnvironment } from './environment.ts'

const environment = readEnvironment(process.env)
const { log, ...telemetry } = createLambdaLog('api')

const app = createControlApp({
  registry: createRegistry(await openStore(environment.store)),
  assets: folderAssets(fileURLToPath(new URL('./playground/', import.meta.url))),
  ...{ limits, log, ids: randomUUID },
  clock: () => performance.timeOrigin + performance.now(),
})

export const handler = lambdaHandler(app, telemetry, environment.origins)

/** Of the function that answers piece by piece. */
export const stream = lambdaStream(app, telemetry, environment.origins)
