import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { Context } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { contextOf } from '../../../support/lambda-events.ts'
import { pointsJob } from '../../../support/points.ts'

const [s3, sts] = [mockClient(S3Client), mockClient(STSClient)]
const writer = 'arn:aws:iam::111122223333:role/writer'
const token = 'a-token'
const hash = createHash('sha256').update(token).digest('hex')
const missing = Object.assign(new Error('no'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } })

const objects = {
  'jobs/points-1/spec.json': pointsJob('models', {}),
  'jobs/points-1/status.json': { schema: 1, name: 'points-1', createdAt: '2026-01-01T00:00:00Z', facts: [] },
  [`jobs/points-1/grants/${hash}.json`]: { schema: 1, expires: '2999-01-01T00:00:00.000Z' },
}
const ask = async (event: unknown) => {
  const { handler } = await import('../../../../functions/events/credentials-handler.ts')
  return handler(event, contextOf('credentials') as unknown as Context)
}

describe('the credentials Lambda', () => {
  beforeEach(() => {
    vi.stubEnv('MAAS_STORE', 's3://models')
    vi.stubEnv('MAAS_BUCKET_ARN', 'arn:aws:s3:::models')
    vi.stubEnv('MAAS_WRITER_ROLE', writer)
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    for (const mock of [s3, sts]) mock.reset()
    s3.on(GetObjectCommand).rejects(missing)
    for (const [Key, value] of Object.entries(objects)) {
      const Body = () => Readable.from([Buffer.from(JSON.stringify(value))]) as never
      s3.on(GetObjectCommand, { Key }).callsFake(() => ({ Body: Body(), ETag: '"1"', LastModified: new Date() }))
    }
    const keys = { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'session' }
    sts.on(AssumeRoleCommand).resolves({ Credentials: { ...keys, Expiration: new Date('2026-01-01T01:00:00Z') } })
  })

  it('lends a job an hour of its role, narrowed to the job', async () => {
    expect(await ask({ job: 'points-1', token })).toEqual({
      accessKeyId: 'ASIA',
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: '2026-01-01T01:00:00.000Z',
    })
    const { Policy, ...input } = sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input ?? {}
    expect(input).toEqual({ RoleArn: writer, RoleSessionName: 'job-points-1', DurationSeconds: 3600 })
    const [{ Resource }] = JSON.parse(Policy ?? '').Statement
    expect(Resource).toEqual(['jobs', 'checkpoints'].map((each) => `arn:aws:s3:::models/${each}/points-1/*`))
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(0)
  })

  it.each([
    ['another job’s name', { job: 'points-2', token }, 'the token is not one of this job'],
    ['a made-up token', { job: 'points-1', token: 'guessed' }, 'the token is not one of this job'],
    ['a job’s name that leaves its folder', { job: '../points-1', token }, 'with its name and its token'],
    ['nothing', {}, 'with its name and its token'],
  ])('asks AWS for nothing on %s, and repeats no token', async (_, event, why) => {
    await expect(ask(event)).rejects.toThrow(why)
    await expect(ask(event)).rejects.not.toThrow(token)
    expect(sts.commandCalls(AssumeRoleCommand)).toHaveLength(0)
  })
})
