/** The command `npm run key`: makes an API key, stores its hash, and shows the key this one time. */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { apiKeyId, apiKeySchema, formatApiKey } from '@maas/core/contract'

const help = `Make an API key for a deployed service; only its hash is stored.

Usage: npm run key -- --table TABLE --name NAME [options]

  --table TABLE    output KeyTable of the storage stack
  --name NAME      who will hold the key
  --right RIGHT    data (predictions) or control (models, versions, aliases); may be given twice (default: data)
  --model MODEL    keep predictions to this model; may be given up to eight times (default: all)
  --days N         days after which the key ends (default: never)

Example: npm run key -- --table maas-dev-storage-Keys-1A2B --name web-shop --model cifar10 --days 365`

const day = 86_400

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      table: { type: 'string' },
      name: { type: 'string' },
      right: { type: 'string', multiple: true, default: ['data'] },
      model: { type: 'string', multiple: true },
      days: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help || values.table === undefined) return console.log(help)
  const record = apiKeySchema.parse({
    name: values.name,
    rights: [...new Set(values.right)],
    ...(values.model && { models: values.model }),
    ...(values.days && { expires: Math.floor(Date.now() / 1000) + Number(values.days) * day }),
  })
  const key = formatApiKey(randomBytes(32))
  const client = DynamoDBDocumentClient.from(new DynamoDBClient())
  const item = { id: apiKeyId(key), ...record }
  await client.send(
    new PutCommand({ TableName: values.table, Item: item, ConditionExpression: 'attribute_not_exists(id)' }),
  )
  console.error(`A key for ${record.name}: ${record.rights.join(' and ')}. It is shown only now; its id is ${item.id}.`)
  console.log(key)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
