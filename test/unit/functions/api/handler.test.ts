import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { contextOf, proxyEvent } from '../../../support/lambda-events.ts'

const workflow = 'arn:aws:states:eu-west-1:111122223333:stateMachine:maas-dev-train'
const s3 = mockClient(S3Client)

const load = async () => (await import('../../../../functions/api/handler.ts')).handler

describe('the api Lambda', () => {
  beforeAll(() => {
    vi.stubEnv('MAAS_STORE', 's3://models')
    vi.stubEnv('MAAS_TABLE', 'keys')
    vi.stubEnv('MAAS_CORS_ORIGINS', 'https://example.org')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    vi.stubEnv('MAAS_WORKFLOW', workflow)
    vi.stubEnv('MAAS_TRANSFORM_QUEUE', 'queue')
    vi.stubEnv('MAAS_TRANSFORM_JOB', 'definition')
    vi.stubEnv('MAAS_JOB_ROLE', 'arn:aws:iam::111122223333:role/maas-dev-train')
    vi.stubEnv('MAAS_ARCHITECTURE', 'x64')
    vi.stubEnv('MAAS_KERNELS_ID', 'tensorflow-2.21.0-x64')
    vi.stubEnv('MAAS_MAX_JOB_HOURS', '24')
    vi.stubEnv('POWERTOOLS_DEV', 'false')
    s3.on(ListObjectsV2Command).resolves({ Contents: [], CommonPrefixes: [] })
    s3.on(GetObjectCommand).rejects(
      Object.assign(new Error('no'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } }),
    )
  })

  it('answers an API Gateway event from what lies in S3, under the gateway’s request id', async () => {
    const handler = await load()
    const event = proxyEvent('GET', '/models', { headers: { origin: 'https://example.org', 'X-Request-Id': 'theirs' } })
    const answer = await handler(event, contextOf('api'))
    expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false, body: JSON.stringify({ models: [] }) })
    const { multiValueHeaders = {}, headers = {} } = answer as Record<string, Record<string, unknown>>
    const all = JSON.stringify({ ...headers, ...multiValueHeaders })
    expect(all).toContain('gateway-request-1')
    expect(all).toContain('https://example.org')
    expect(s3.commandCalls(ListObjectsV2Command)[0]?.args[0].input.Bucket).toBe('models')
  })

  it('answers an unknown model with 404 and what exists', async () => {
    const answer = await (await load())(proxyEvent('GET', '/models/ghost'), contextOf('api'))
    expect(answer).toMatchObject({ statusCode: 404 })
    expect(JSON.parse((answer as { body: string }).body)).toMatchObject({
      error: { code: 'not_found', request_id: 'gateway-request-1' },
    })
  })

  it('names the variable that is missing', async () => {
    const { readEnvironment } = await import('../../../../functions/api/environment.ts')
    expect(() => readEnvironment({})).toThrow('MAAS_STORE is not set')
  })
})
