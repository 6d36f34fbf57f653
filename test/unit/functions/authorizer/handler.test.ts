import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { apiKeyId, formatApiKey } from '@maas/core/contract'
import type { APIGatewayRequestAuthorizerEvent, Context } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { contextOf } from '../../../support/lambda-events.ts'

const table = mockClient(DynamoDBDocumentClient)
const key = formatApiKey(new Uint8Array(32).fill(1))
const ask = async (headers: Record<string, string>) => {
  const { handler } = await import('../../../../functions/authorizer/handler.ts')
  const methodArn = 'arn:aws:execute-api:eu-west-1:111122223333:abc123/dev/GET/v1/models/cifar10'
  const event = { type: 'REQUEST', methodArn, headers } as unknown as APIGatewayRequestAuthorizerEvent
  return handler(event, contextOf('authorizer') as unknown as Context)
}

describe('the authorizer Lambda', () => {
  beforeAll(() => {
    for (const [name, value] of Object.entries({
      MAAS_TABLE: 'keys',
      MAAS_USAGE_KEY_DATA: 'data-plan',
      MAAS_USAGE_KEY_CONTROL: 'control-plan',
      AWS_REGION: 'eu-west-1',
    })) {
      vi.stubEnv(name, value)
    }
    table.on(GetCommand).resolves({})
    table
      .on(GetCommand, { TableName: 'keys', Key: { id: apiKeyId(key) } })
      .resolves({ Item: { id: apiKeyId(key), name: 'app', rights: ['data'] } })
  })

  it('looks a key up by its hash, however the header is written', async () => {
    expect(await ask({ 'X-API-Key': key })).toMatchObject({ principalId: 'app', usageIdentifierKey: 'data-plan' })
    expect(JSON.stringify(table.calls().map(({ args }) => args[0].input))).not.toContain(key)
  })

  it('says the one word that API Gateway takes for a 401', async () => {
    await expect(ask({ 'x-api-key': formatApiKey(new Uint8Array(32)) })).rejects.toThrow(/^Unauthorized$/)
  })
})
