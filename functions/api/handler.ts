/** Entry of the api Lambda. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler, lambdaStream } from '@maas/core/http/lambda'
import { createImports, createUploads, verifyKey } from '@maas/core/imports'
import { createRegistry } from '@maas/core/registry'
import { openStore, openUploads, toJson } from '@maas/core/store'
import { createControlApp } from './app.ts'
import { folderAssets } from './assets.ts'
import { readEnvironment } from './environment.ts'

const environment = readEnvironment(process.env)
const { log, ...telemetry } = createLambdaLog('api')
const store = await openStore(environment.store)
const now = () => new Date()
const uploads = createUploads({ store, port: await openUploads(environment.store, store), now })
const imports = {
  uploads,
  imports: createImports({ store, uploads, now, ids: randomUUID }),
  // Check alone has kernels; the object's creation calls it.
  verify: async (name: string, version: number) => {
    await store.put(verifyKey(randomUUID()), toJson({ schema: 1, name, version }))
    return undefined
  },
}

const app = createControlApp({
  registry: createRegistry(store),
  imports,
  assets: folderAssets(fileURLToPath(new URL('./playground/', import.meta.url))),
  ...{ limits, log, ids: randomUUID },
  clock: () => performance.timeOrigin + performance.now(),
})

export const handler = lambdaHandler(app, telemetry, environment.origins)

/** Of the function that answers piece by piece. */
export const stream = lambdaStream(app, telemetry, environment.origins)
