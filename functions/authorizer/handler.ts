/** Entry of the authorizer Lambda, which API Gateway asks before every route that needs a key. */
import { Logger } from '@aws-lambda-powertools/logger'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent, Context } from 'aws-lambda'
import { authorize } from './authorize.ts'
import { readEnvironment } from './environment.ts'

const { table, usageKeys } = readEnvironment(process.env)
const logger = new Logger({ serviceName: 'authorizer' })
const client = DynamoDBDocumentClient.from(new DynamoDBClient())

export const handler = async (
  { headers, methodArn }: APIGatewayRequestAuthorizerEvent,
  context: Context,
): Promise<APIGatewayAuthorizerResult> => {
  logger.addContext(context)
  const header = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'x-api-key')
  const answer = await authorize(
    { key: header?.[1], methodArn },
    {
      find: async (id) => (await client.send(new GetCommand({ TableName: table, Key: { id } }))).Item,
      usageKeys,
      now: () => Date.now() / 1000,
    },
  )
  logger.info('authorized', { allowed: answer !== undefined, key: answer?.context?.key })
  // API Gateway turns exactly this message into a 401.
  if (answer === undefined) throw new Error('Unauthorized')
  return answer
}
