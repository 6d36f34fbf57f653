/** Entry of the keys Lambda: the one that makes, lists and revokes API keys, and can do nothing else. */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler } from '@maas/core/http/lambda'
import { createAccess, createCounter, findInEvent } from '@maas/core/keys'
import { createDynamoKeys } from '@maas/core/keys/dynamodb'
import { readKeysEnvironment } from './environment.ts'
import { createKeysApp } from './keys.ts'

const { table, origins } = readKeysEnvironment(process.env)
const { log, ...telemetry } = createLambdaLog('keys')
const clock = () => performance.timeOrigin + performance.now()
const keys = createDynamoKeys(new DynamoDBClient(), table)
const counter = createCounter({ store: keys, clock, random: Math.random, sleep })
const access = createAccess({ counter, find: findInEvent, clock })

export const handler = lambdaHandler(
  createKeysApp({ keys, randomBytes, limits, log, clock, access, ids: randomUUID }),
  telemetry,
  origins,
)
