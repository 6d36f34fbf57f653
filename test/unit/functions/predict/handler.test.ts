import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { contextOf, proxyEvent } from '../../../support/lambda-events.ts'

const s3 = mockClient(S3Client)

describe('the predict Lambda', () => {
  beforeAll(() => {
    vi.stubEnv('MAAS_STORE', 's3://models')
    vi.stubEnv('MAAS_TABLE', 'keys')
    vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '2048')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    const key = 'models/cifar10/versions/1/manifest.json'
    s3.on(ListObjectsV2Command).resolves({ Contents: [], CommonPrefixes: [] })
    s3.on(ListObjectsV2Command, { Prefix: 'models/cifar10/versions/' }).resolves({
      Contents: [{ Key: key, Size: 10, ETag: '"1"', LastModified: new Date() }],
    })
  })

  it('answers health and status from what lies in S3, before any model is loaded', async () => {
    const { handler } = await import('../../../../functions/predict/handler.ts')
    const health = await handler(proxyEvent('GET', '/healthz'), contextOf('predict'))
    expect(health).toMatchObject({ statusCode: 200, body: JSON.stringify({ status: 'ok', loaded: [] }) })
    const status = await handler(proxyEvent('GET', '/v1/models/cifar10'), contextOf('predict'))
    expect(JSON.parse((status as { body: string }).body)).toMatchObject({
      model_version_status: [{ version: '1', state: 'AVAILABLE' }],
    })
  })

  it('names the variable that is missing', async () => {
    const { readEnvironment } = await import('../../../../functions/predict/environment.ts')
    expect(() => readEnvironment({})).toThrow('MAAS_STORE is not set')
    const environment = readEnvironment({
      MAAS_STORE: 's3://m',
      MAAS_TABLE: 't',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2048',
    })
    expect(environment.modelBytes).toBe(512 * 1024 * 1024)
  })
})
