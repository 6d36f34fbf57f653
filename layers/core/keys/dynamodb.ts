/** Keys in DynamoDB: `key#hash` is read by the authorizer, `use#hash` is the counter that the functions may write. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import { ConflictError, NotFoundError, StorageError } from '@maas/core/errors'
import * as z from 'zod'
import { storedKeySchema } from './object-store.ts'
import type { KeyStore, StoredKey } from './types.ts'
import { usageSchema } from './usage.ts'

const keyOf = (id: string) => ({ id: `key#${id}` })
const usageOf = (id: string) => ({ id: `use#${id}` })

export const createDynamoKeys = (client: DynamoDBClient, table: string): KeyStore => {
  const documents = DynamoDBDocumentClient.from(client)
  const parse = <T>(schema: z.ZodType<T>, item: unknown, id: string): T => {
    const found = schema.safeParse(item)
    if (found.success) return found.data
    throw new StorageError(`the stored item ${id} is damaged: ${found.error.message}`)
  }
  const toKey = (item: Record<string, unknown>): StoredKey => {
    const id = String(item.id)
    return parse(storedKeySchema, { ...item, id: id.replace(/^key#/, '') }, id)
  }
  const conflict =
    (what: string) =>
    (error: unknown): never => {
      const lost = error instanceof ConditionalCheckFailedException || error instanceof TransactionCanceledException
      throw lost ? new ConflictError(what, { cause: error }) : error
    }

  return {
    find: async (id) => {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: keyOf(id) }))
      return Item && toKey(Item)
    },
    create: async ({ id, ...key }, usage) => {
      const put = (Item: Record<string, unknown>) => ({
        Put: { TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' },
      })
      await documents
        .send(
          new TransactWriteCommand({
            TransactItems: [put({ ...key, ...keyOf(id) }), put({ ...usage, generation: 1, ...usageOf(id) })],
          }),
        )
        .catch(conflict(`There is a key ${id.slice(0, 12)} already.`))
    },
    list: async () => {
      const keys: StoredKey[] = []
      const pages = paginateScan(
        { client: documents },
        {
          TableName: table,
          FilterExpression: 'begins_with(id, :prefix)',
          ExpressionAttributeValues: { ':prefix': 'key#' },
        },
      )
      for await (const { Items = [] } of pages) keys.push(...Items.map(toKey))
      return keys
    },
    remove: async (id) => {
      const drop = (Key: { id: string }, condition = {}) => ({ Delete: { TableName: table, Key, ...condition } })
      await documents
        .send(
          new TransactWriteCommand({
            TransactItems: [drop(keyOf(id), { ConditionExpression: 'attribute_exists(id)' }), drop(usageOf(id))],
          }),
        )
        .catch((error: unknown) => {
          if (!(error instanceof TransactionCanceledException)) throw error
          throw new NotFoundError(`There is no key ${id.slice(0, 12)}.`, { cause: error })
        })
    },
    usage: async (id) => {
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: usageOf(id), ConsistentRead: true }),
      )
      if (Item === undefined) return undefined
      const { generation, ...usage } = parse(usageSchema.extend({ generation: z.number() }), Item, `use#${id}`)
      return { usage, etag: String(generation) }
    },
    setUsage: async (id, usage, etag) => {
      const next = Number(etag) + 1
      await documents
        .send(
          new PutCommand({
            TableName: table,
            Item: { ...usage, generation: next, ...usageOf(id) },
            ConditionExpression: 'generation = :before',
            ExpressionAttributeValues: { ':before': Number(etag) },
          }),
        )
        .catch(conflict('The counter was changed meanwhile.'))
      return String(next)
    },
  }
}
