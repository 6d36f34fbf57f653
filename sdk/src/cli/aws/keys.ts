/** API keys in a deployment's table, by the caller's own AWS credentials: how the first one is made. */
import { randomBytes } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { issueKey, summarise } from '@maas/core/keys'
import { createDynamoKeys } from '@maas/core/keys/dynamodb'
import type { Keys } from '../../resources/keys.ts'
import { asking } from './errors.ts'

export type KeyBook = Pick<Keys, 'list' | 'create' | 'revoke'>

export const openTableKeys = (table: string): KeyBook => {
  const store = createDynamoKeys(new DynamoDBClient(), table)
  return {
    list: () => asking(async () => Promise.all((await store.list()).map((key) => summarise(store, key)))),
    create: (record) => asking(() => issueKey(store, record, { random: randomBytes(32), now: Date.now() })),
    revoke: (id) => asking(() => store.remove(id)),
  }
}
