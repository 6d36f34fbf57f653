import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Context } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { contextOf } from '../../../support/lambda-events.ts'

const s3 = mockClient(S3Client)
const missing = Object.assign(new Error('no'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } })

const change = (status: string, time: string) => ({
  version: '0',
  source: 'aws.batch',
  'detail-type': 'Batch Job State Change',
  time,
  detail: { jobName: 'cifar10-1', jobId: 'abc', status, statusReason: 'because', attempts: [{}] },
})
const send = async (event: unknown) => {
  const { handler } = await import('../../../../functions/events/handler.ts')
  return handler(event, contextOf('events') as unknown as Context)
}
const stored = (facts: readonly unknown[]) => {
  const text = JSON.stringify({ schema: 1, name: 'cifar10-1', createdAt: '2026-01-01T00:00:00Z', facts })
  return {
    Body: sdkBody(text),
    ContentLength: Buffer.byteLength(text),
    ETag: '"7"',
    LastModified: new Date(),
  }
}
const sdkBody = (text: string) => Readable.from([Buffer.from(text)]) as never

describe('the events Lambda', () => {
  beforeEach(() => {
    vi.stubEnv('MAAS_STORE', 's3://models')
    vi.stubEnv('MAAS_BUCKET_ARN', 'arn:aws:s3:::models')
    vi.stubEnv('MAAS_KERNELS_ID', 'tensorflow-2.21.0-x64')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    s3.reset()
    s3.on(PutObjectCommand).resolves({ ETag: '"8"' })
    s3.on(GetObjectCommand).rejects(missing)
  })

  it('records what Batch says of a job', async () => {
    s3.on(GetObjectCommand, { Key: 'jobs/cifar10-1/status.json' }).callsFake(() => stored([]))
    await send(change('FAILED', '2026-01-01T00:00:02Z'))
    const { Key, Body, IfMatch } = s3.commandCalls(PutObjectCommand)[0]?.args[0].input ?? {}
    expect({ Key, IfMatch }).toEqual({ Key: 'jobs/cifar10-1/status.json', IfMatch: '"7"' })
    const at = '2026-01-01T00:00:02Z'
    expect(JSON.parse(Buffer.from(Body as Uint8Array).toString()).facts).toEqual([
      { kind: 'end', at, outcome: 'Failed', reason: 'because' },
      { kind: 'state', at, attempt: 1, id: 'abc', state: 'FAILED', reason: 'because' },
    ])
  })

  it('writes nothing when it knows that already', async () => {
    const fact = { kind: 'state', at: '2026-01-01T00:00:03Z', attempt: 2, id: 'abc', state: 'RUNNING' }
    s3.on(GetObjectCommand, { Key: 'jobs/cifar10-1/status.json' }).callsFake(() => stored([fact]))
    await send(change('RUNNING', '2026-01-01T00:00:04Z'))
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(0)
  })

  it('tries again on top of what somebody else wrote meanwhile, and says which right is missing', async () => {
    s3.on(GetObjectCommand, { Key: 'jobs/cifar10-1/status.json' }).callsFake(() => stored([]))
    const lost = Object.assign(new Error('lost'), { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } })
    s3.on(PutObjectCommand).rejectsOnce(lost).resolves({ ETag: '"8"' })
    await send(change('RUNNING', '2026-01-01T00:00:02Z'))
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(2)
    const denied = Object.assign(new Error('not authorized to perform: kms:GenerateDataKey'), {
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    })
    s3.on(PutObjectCommand).rejects(denied)
    await expect(send(change('STARTING', '2026-01-01T00:00:01Z'))).rejects.toThrow(/status\.json.*kms:GenerateDataKey/s)
  })

  it('issues a token for a job before it is started, and none for one that no credentials can be made for', async () => {
    const document = (S3Uri: string) => {
      const body = JSON.stringify({
        TrainingJobName: 'cifar10-1',
        OutputDataConfig: { S3OutputPath: 's3://models/jobs' },
        InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri } } }],
      })
      s3.on(GetObjectCommand, { Key: 'jobs/cifar10-1/spec.json' }).callsFake(() => ({ Body: sdkBody(body) }))
    }
    document('s3://models/datasets/x')
    const grant = { task: 'grant', job: 'cifar10-1', seconds: 3600 }
    expect(await send(grant)).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/) })
    const written = s3.commandCalls(PutObjectCommand).map(({ args: [{ input }] }) => input)
    expect(written).toEqual([expect.objectContaining({ IfNoneMatch: '*' })])
    expect(written[0]?.Key).toMatch(/^jobs\/cifar10-1\/grants\/[0-9a-f]{64}\.json$/)
    document(`s3://models/datasets/${'x'.repeat(900)}`)
    await expect(send(grant)).rejects.toThrow('too long together')
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(1)
  })

  it('refuses an event of another shape by naming the field', async () => {
    await expect(send({ task: 'finish', job: 'not a name' })).rejects.toThrow(/event/)
    await expect(send({ source: 'aws.ec2' })).rejects.toThrow(/event/)
  })
})
