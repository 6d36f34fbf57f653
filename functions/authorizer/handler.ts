/** Entry of the authorizer Lambda, which API Gateway asks before every route that needs a key. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { createTelemetry, observed } from '@maas/core/telemetry'
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { authorize } from './authorize.ts'
import { readEnvironment } from './environment.ts'

const { table, usageKeys } = readEnvironment(process.env)
/** AWS' own clients carry the key as a session token. */
const keyHeaders = new Set(['x-api-key', 'x-amz-security-token'])
const telemetry = createTelemetry('authorizer')
const client = DynamoDBDocumentClient.from(new DynamoDBClient())

const answerFor = async ({
  headers,
  methodArn,
}: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
  const header = Object.entries(headers ?? {}).find(([name]) => keyHeaders.has(name.toLowerCase()))
  const answer = await authorize(
    { key: header?.[1], methodArn },
    {
      find: async (id) => (await client.send(new GetCommand({ TableName: table, Key: { id } }))).Item,
      usageKeys,
      now: () => Date.now() / 1000,
    },
  )
  telemetry.logger.info('authorized', { allowed: answer !== undefined, key: answer?.context?.key })
  // API Gateway turns exactly this message into a 401.
  if (answer === undefined) throw new Error('Unauthorized')
  return answer
}

export const handler = observed(telemetry, answerFor)
