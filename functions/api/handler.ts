/** Entry of the api Lambda. */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler, lambdaStream } from '@maas/core/http/lambda'
import { createImports, createUploads, verifyKey } from '@maas/core/imports'
import { createAccess, createCounter, findInEvent } from '@maas/core/keys'
import { createDynamoKeys } from '@maas/core/keys/dynamodb'
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

const clock = () => performance.timeOrigin + performance.now()
const keys = createDynamoKeys(new DynamoDBClient(), environment.table)
const counter = createCounter({ store: keys, clock, random: Math.random, sleep })

const app = createControlApp({
  registry: createRegistry(store),
  imports,
  assets: folderAssets(fileURLToPath(new URL('./playground/', import.meta.url))),
  ...{ limits, log, ids: randomUUID },
  ...{ clock, keys, randomBytes },
  access: createAccess({ counter, find: findInEvent, clock }),
})

export const handler = lambdaHandler(app, telemetry, environment.origins)

/** Of the function that answers piece by piece. */
export const stream = lambdaStream(app, telemetry, environment.origins)
