/** Entry of the api Lambda. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BatchClient } from '@aws-sdk/client-batch'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SFNClient } from '@aws-sdk/client-sfn'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler, lambdaStream } from '@maas/core/http/lambda'
import { createImports, createUploads, replayFirst, verifyKey } from '@maas/core/imports'
import { createJobs, fargatePrices } from '@maas/core/jobs'
import { createBatchRunner } from '@maas/core/jobs/batch'
import { createAccess, createCounter, findInEvent } from '@maas/core/keys'
import { createDynamoKeys } from '@maas/core/keys/dynamodb'
import { createRegistry } from '@maas/core/registry'
import { openStore, openUploads, toJson } from '@maas/core/store'
import { createTransforms } from '@maas/core/transform'
import { createBatchTransforms } from '@maas/core/transform/batch'
import { createControlApp } from './app.ts'
import { folderAssets } from './assets.ts'
import { readEnvironment } from './environment.ts'

const {
  store: storeUri,
  table,
  origins,
  workflow,
  transformQueue: queue,
  transformJob: definition,
  jobRole,
  architecture,
  kernels,
  region,
  maxJobHours,
} = readEnvironment(process.env)
const { log, ...telemetry } = createLambdaLog('api')
const clock = () => performance.timeOrigin + performance.now()
const store = await openStore(storeUri)
const registry = createRegistry(store)
const now = () => new Date()
const uploads = createUploads({ store, port: await openUploads(storeUri, store), now })
const imports = {
  uploads,
  imports: createImports({ store, uploads, now, ids: randomUUID }),
  // Check alone has kernels; the object's creation calls it.
  verify: async (name: string, version: number) => {
    await store.put(verifyKey(randomUUID()), toJson({ schema: 1, name, version }))
    return undefined
  },
  ensureReplayed: replayFirst({ store, registry, kernels, clock }),
}

// Counters of keys; the role lets nothing else of the table be seen.
const counter = createCounter({
  store: createDynamoKeys(new DynamoDBClient(), table),
  clock,
  random: Math.random,
  sleep,
})

const batch = new BatchClient()
const transforms = createTransforms({ store, clock })

const app = createControlApp({
  registry,
  imports,
  assets: folderAssets(fileURLToPath(new URL('./playground/', import.meta.url))),
  training: {
    jobs: createJobs({ store, storeUri, clock, prices: fargatePrices(architecture, region) }),
    runner: createBatchRunner({ workflows: new SFNClient(), batch, workflow }),
    settings: { storeUri, roleArn: jobRole, images: ['maas-train'], maxSeconds: maxJobHours * 3600 },
    follow: {
      lookMs: 2000,
      clock,
      // A streamed answer may last 15 minutes.
      lastMs: 13 * 60_000,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    },
    clock,
  },
  transforming: {
    transforms,
    settings: { storeUri },
    clock,
    runner: createBatchTransforms({ batch, transforms, queue, definition }),
  },
  limits,
  log,
  clock,
  ids: randomUUID,
  access: createAccess({ counter, find: findInEvent, clock }),
})

export const handler = lambdaHandler(app, telemetry, origins)

/** Of the function that answers piece by piece. */
export const stream = lambdaStream(app, telemetry, origins)
