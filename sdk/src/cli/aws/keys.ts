/** API keys in a deployment's table: made and shown once, kept as a hash. */
import { randomBytes } from 'node:crypto'
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { type ApiKey, apiKeyId, apiKeySchema, formatApiKey } from '@maas/core/contract'
import { UsageError } from '../usage.ts'
import { asking } from './errors.ts'

export interface NewKey {
  readonly key: string
  /** Names it from now on: what the table holds. */
  readonly id: string
  readonly record: ApiKey
}

const document = (): DynamoDBDocumentClient => DynamoDBDocumentClient.from(new DynamoDBClient())

/** `key#` and the first characters of the hash: what logs show. */
const shortOf = (id: string): string => id.slice('key#'.length, 'key#'.length + 12)

export const createKey = async (table: string, given: ApiKey, client = document()): Promise<NewKey> => {
  const parsed = apiKeySchema.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UsageError(issue?.path.join('.') || 'key', issue?.message ?? 'not right')
  }
  const key = formatApiKey(randomBytes(32))
  const Item = { id: apiKeyId(key), ...parsed.data }
  await asking(() =>
    client.send(new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' })),
  )
  return { key, id: shortOf(Item.id), record: parsed.data }
}

export interface ListedKey extends ApiKey {
  readonly id: string
}

export const listKeys = async (table: string, client = document()): Promise<ListedKey[]> => {
  const found: ListedKey[] = []
  let from: Record<string, unknown> | undefined
  do {
    const { Items = [], LastEvaluatedKey } = await asking(() =>
      client.send(
        new ScanCommand({
          ...{
            TableName: table,
            FilterExpression: 'begins_with(id, :key)',
            ExpressionAttributeValues: { ':key': 'key#' },
          },
          ...(from && { ExclusiveStartKey: from }),
        }),
      ),
    )
    for (const item of Items) found.push({ ...apiKeySchema.parse(item), id: String(item.id) })
    from = LastEvaluatedKey
  } while (from !== undefined)
  return found
}

/** Ends the key whose id begins like this. */
export const revokeKey = async (table: string, short: string, client = document()): Promise<ListedKey> => {
  const matching = (await listKeys(table, client)).filter(({ id }) => shortOf(id) === short)
  const [only] = matching
  if (only === undefined || matching.length > 1) {
    throw new UsageError('ID', `no key has the id ${short}. Run: npx maas key list --stack NAME`)
  }
  try {
    await client.send(
      new DeleteCommand({ TableName: table, Key: { id: only.id }, ConditionExpression: 'attribute_exists(id)' }),
    )
  } catch (error) {
    // Somebody else ended it meanwhile.
    if (!(error instanceof ConditionalCheckFailedException)) await asking(() => Promise.reject(error))
  }
  return only
}

export { shortOf }
