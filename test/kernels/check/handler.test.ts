/** The check Lambda's entrance with mocked S3: which messages are done, and which come again. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { findNative } from '../../../layers/core/kernels/find.ts'
import { contextOf } from '../../support/lambda-events.ts'

const { found } = await findNative(process.env)
if (found === undefined) console.warn('SKIPPED: native kernels are not built: npm run build:kernels')

const s3 = mockClient(S3Client)
const failing = (name: string, status: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } })
const keyOf = (digit: string) => `imports/${digit.repeat(32)}/ready.json`
const message = (messageId: string, key: string, bucket = 'models') => ({
  messageId,
  body: JSON.stringify({ detail: { bucket: { name: bucket }, object: { key } } }),
})
const send = async (...records: ReturnType<typeof message>[]): Promise<SQSBatchResponse> => {
  const { handler } = await import('../../../functions/check/handler.ts')
  return (await handler({ Records: records } as unknown as SQSEvent, contextOf('check') as unknown as Context)) as never
}

describe.skipIf(found === undefined)('the check Lambda', () => {
  beforeEach(() => {
    vi.stubEnv('MAAS_STORE', 's3://models')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    s3.reset()
    s3.on(GetObjectCommand).rejects(failing('NoSuchKey', 404))
  })

  it('is done with what is no task, belongs to another bucket, or was deleted meanwhile', async () => {
    const done = await send(
      message('1', 'models/m/aliases/production.json'),
      message('2', keyOf('a'), 'another'),
      message('3', keyOf('b')),
    )
    expect(done).toEqual({ batchItemFailures: [] })
    const asked = s3.commandCalls(GetObjectCommand).map(({ args }) => args[0].input.Key?.split('/')[1])
    expect(new Set(asked)).toEqual(new Set(['b'.repeat(32)]))
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(0)
  })

  it('names the one message that failed for a passing reason, so that it alone comes again', async () => {
    s3.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => {
      throw Key.includes('c'.repeat(32)) ? failing('AccessDenied', 403) : failing('NoSuchKey', 404)
    })
    const answer = await send(message('1', keyOf('b')), message('2', keyOf('c')))
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] })
  })
})
