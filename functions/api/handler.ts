/** Entry of the api Lambda. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler } from '@maas/core/http/lambda'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { createControlApp } from './app.ts'
import { folderAssets } from './assets.ts'
import { readEnvironment } from './environment.ts'

const environment = readEnvironment(process.env)
const { logger, log } = createLambdaLog('api')

export const handler = lambdaHandler(
  createControlApp({
    registry: createRegistry(await openStore(environment.store)),
    assets: folderAssets(fileURLToPath(new URL('./playground/', import.meta.url))),
    ...{ limits, log, ids: randomUUID },
    clock: () => performance.timeOrigin + performance.now(),
  }),
  logger,
  environment.origins,
)
