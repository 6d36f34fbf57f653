import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient, GetCommand, ScanCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { contextOf, proxyEvent } from '../../../support/lambda-events.ts'

const table = mockClient(DynamoDBDocumentClient)
const s3 = mockClient(S3Client)
mockClient(DynamoDBClient)

const call = async (...args: Parameters<typeof proxyEvent>) => {
  const { handler } = await import('../../../../functions/api/keys-handler.ts')
  const answer = (await handler(proxyEvent(...args), contextOf('keys'))) as { statusCode: number; body: string }
  return { status: answer.statusCode, body: answer.body === '' ? undefined : JSON.parse(answer.body) }
}

describe('the keys Lambda', () => {
  beforeAll(() => {
    vi.stubEnv('MAAS_TABLE', 'keys')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    vi.stubEnv('POWERTOOLS_DEV', 'false')
    table.on(TransactWriteCommand).resolves({})
    table.on(GetCommand).resolves({})
    table.on(ScanCommand).resolves({ Items: [] })
  })

  it('makes a key without ever storing it, and lists what there is', async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'shop', rights: ['data'] })
    const made = await call('POST', '/keys', { headers, body })
    expect(made).toMatchObject({ status: 201, body: { name: 'shop', key: expect.any(String) } })
    const written = JSON.stringify(table.commandCalls(TransactWriteCommand)[0]?.args[0].input)
    expect(written).toContain(`key#${made.body.id}`)
    expect(written).not.toContain(made.body.key)
    expect(await call('GET', '/keys')).toEqual({ status: 200, body: { keys: [] } })
  })

  it('has no other route, and no store', async () => {
    expect((await call('GET', '/models')).status).toBe(404)
    expect(s3.calls()).toHaveLength(0)
  })

  it('may not be used with a key for predictions', async () => {
    const record = JSON.stringify({ name: 'shop', rights: ['data'] })
    const answer = await call('GET', '/keys', { authorizer: { id: 'a'.repeat(64), record } })
    expect(answer.status).toBe(403)
  })
})
