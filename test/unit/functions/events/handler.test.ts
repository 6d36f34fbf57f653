import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Context } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { contextOf } from '../../../support/lambda-events.ts'

const s3 = mockClient(S3Client)
const missing = Object.assign(new Error('no'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } })

const change = (status: string, time: string) => ({
  ...{ version: '0', source: 'aws.batch', 'detail-type': 'Batch Job State Change', time },
  detail: { jobName: 'cifar10-1', jobId: 'abc', status, statusReason: 'because', attempts: [{}] },
})
const send = async (event: unknown) => {
  const { handler } = await import('../../../../functions/events/handler.ts')
  return handler(event, contextOf('events') as unknown as Context)
}
const stored = (at: string) => ({
  Body: Readable.from([Buffer.from(JSON.stringify({ at }))]) as never,
  ContentLength: Buffer.byteLength(JSON.stringify({ at })),
  ETag: '"7"',
  LastModified: new Date(),
})

describe('the events Lambda', () => {
  beforeEach(() => {
    vi.stubEnv('MAAS_STORE', 's3://models')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    s3.reset()
    s3.on(PutObjectCommand).resolves({ ETag: '"8"' })
    s3.on(GetObjectCommand).rejects(missing)
  })

  it('records what Batch says of a job', async () => {
    await send(change('FAILED', '2026-01-01T00:00:02Z'))
    const { Key, Body, IfNoneMatch } = s3.commandCalls(PutObjectCommand)[0]?.args[0].input ?? {}
    expect({ Key, IfNoneMatch }).toEqual({ Key: 'jobs/cifar10-1/status.json', IfNoneMatch: '*' })
    expect(JSON.parse(Buffer.from(Body as Uint8Array).toString())).toEqual({
      ...{ at: '2026-01-01T00:00:02Z', batchJobId: 'abc', batchStatus: 'FAILED', attempts: 1 },
      ...{ TrainingJobStatus: 'Failed', reason: 'because' },
    })
  })

  it('ignores news that is older than what it knows', async () => {
    s3.on(GetObjectCommand).resolves(stored('2026-01-01T00:00:03Z'))
    await send(change('RUNNING', '2026-01-01T00:00:01Z'))
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(0)
  })

  it('refuses an event of another shape by naming the field', async () => {
    await expect(send({ task: 'finish', job: 'not a name' })).rejects.toThrow(/event/)
    await expect(send({ source: 'aws.ec2' })).rejects.toThrow(/event/)
  })
})
