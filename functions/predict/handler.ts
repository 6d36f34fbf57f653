/** Entry of the predict Lambda: kernels are loaded with the process, models with the first request for them. */
import './preload.ts'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SQSClient } from '@aws-sdk/client-sqs'
import { limits } from '@maas/core/contract'
import { admitted } from '@maas/core/http'
import { createLambdaLog, lambdaHandler } from '@maas/core/http/lambda'
import { lazyKernels } from '@maas/core/kernels/sessions'
import { createAccess, createCounter, findInEvent } from '@maas/core/keys'
import { createDynamoKeys } from '@maas/core/keys/dynamodb'
import { createInProcessHost, createUploadedImages } from '@maas/core/predict'
import { createDelivery, createPredictions, createWebhooks, type Predictions } from '@maas/core/predictions'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import type { SQSEvent } from 'aws-lambda'
import type { LambdaContext, LambdaEvent } from 'hono/aws-lambda'
import { createPredictApp } from './app.ts'
import { timedStore, withColdStart } from './cold-start.ts'
import { readEnvironment } from './environment.ts'
import { isQueueEvent, queueSender, runQueued } from './queue.ts'
import { cachedSecrets } from './webhook-secrets.ts'

/** Since the process started. */
const sinceStart = () => performance.now()
const runtime = sinceStart()
const environment = readEnvironment(process.env)
const { log, ...telemetry } = createLambdaLog('predict')
const kernels = lazyKernels({ prefer: 'native' })
// Lambda gives the start of a process its full CPU, so it waits here; a failure is reported by requests for models.
await kernels
  .sessions()
  .catch((error: unknown) => telemetry.logger.error('kernels', error instanceof Error ? error : String(error)))

const kernelsTime = sinceStart() - runtime

const clock = () => performance.timeOrigin + performance.now()
const { store, busy } = timedStore(await openStore(environment.store), sinceStart)
const registry = createRegistry(store)
const host = createInProcessHost({
  registry,
  kernels,
  modelBytes: environment.modelBytes,
  clock,
  random: Math.random,
})
const common = {
  host,
  models: registry.models,
  limits,
  log,
  clock,
  ids: randomUUID,
  megabytes: environment.megabytes,
  waitsForShadows: true,
  uploads: createUploadedImages({ store, clock }),
}

const keys = createDynamoKeys(new DynamoDBClient(), environment.table)
const counter = createCounter({ store: keys, clock, random: Math.random, sleep })
const access = createAccess({ counter, find: findInEvent, clock })

const secretsOf = (secret: string) => cachedSecrets({ client: new SecretsManagerClient(), secret, clock })

/** Asynchronous predictions, where the stack gave this function a queue. Without a secret, webhooks are refused. */
const predictionsOf = (queue: string): Predictions => {
  const app = createPredictApp({ ...common, access: admitted })
  return createPredictions({
    store,
    clock,
    sleep,
    ids: randomUUID,
    answer: (request, caller) => app.fetch(request, { caller }),
    charge: access.charge,
    enqueue: queueSender(new SQSClient(), queue),
    webhooks: createWebhooks({
      deliver: createDelivery(),
      clock,
      sleep,
      secrets: environment.webhookSecret === undefined ? [] : secretsOf(environment.webhookSecret),
    }),
  })
}
const predictions = environment.queue === undefined ? undefined : predictionsOf(environment.queue)
const app = createPredictApp({
  ...common,
  access,
  ...(predictions && { predictions }),
})
const answer = lambdaHandler(
  withColdStart(app, { runtime, kernels: kernelsTime, download: busy }, log),
  telemetry,
  environment.origins,
)

/** API Gateway's requests, and ids from the queue. */
export const handler = async (event: LambdaEvent | SQSEvent, context: LambdaContext): Promise<unknown> =>
  predictions !== undefined && isQueueEvent(event)
    ? runQueued(event, predictions, (message, fields) => telemetry.logger.error(message, fields))
    : answer(event as LambdaEvent, context)
