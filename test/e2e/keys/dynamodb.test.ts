/** Keys and their counters in DynamoDB, on moto: the same promises as files give. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createCounter, type KeyStore, unused } from '@maas/core/keys'
import { createDynamoKeys } from '@maas/core/keys/dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isMotoMissing, motoCredentials, startMoto } from '../../support/moto.ts'

const id = 'b'.repeat(64)
const now = Date.UTC(2026, 10, 24)
let moto: Awaited<ReturnType<typeof startMoto>>
let store: KeyStore

describe.skipIf(isMotoMissing())('keys in DynamoDB', () => {
  beforeAll(async () => {
    moto = await startMoto()
    const client = new DynamoDBClient({
      endpoint: moto.endpoint,
      region: 'eu-west-1',
      credentials: motoCredentials,
    })
    await client.send(
      new CreateTableCommand({
        TableName: 'keys',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }),
    )
    store = createDynamoKeys(client, 'keys')
  })
  afterAll(() => moto?.stop())

  it('are made once, found, listed and removed with their counter', async () => {
    const key = { id, name: 'shop', rights: ['data' as const], throttle: { rate: 1, burst: 2 } }
    await store.create(key, unused(now))
    await expect(store.create(key, unused(now))).rejects.toThrow('already')
    expect(await store.find(id)).toEqual(key)
    expect(await store.list()).toEqual([key])
    await store.remove(id)
    expect(await store.find(id)).toBeUndefined()
    expect(await store.usage(id)).toBeUndefined()
    await expect(store.remove(id)).rejects.toThrow('There is no key')
  })

  it('let exactly one of 16 requests have the last unit, though four processes count', async () => {
    await store.create({ id, name: 'race', rights: ['data'] }, { ...unused(now), requests: 4 })
    const counters = Array.from({ length: 4 }, () =>
      createCounter({
        store,
        clock: () => now,
        random: Math.random,
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      }),
    )
    const answers = await Promise.all(Array.from({ length: 16 }, (_, at) => counters[at % 4]?.spend(id, { quota: 5 })))
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
    const found = await store.usage(id)
    expect(found?.usage.requests).toBe(5)
    await expect(store.setUsage(id, unused(now), '1')).rejects.toThrow('changed meanwhile')
  })
})
