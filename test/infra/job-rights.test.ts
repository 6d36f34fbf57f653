/** That a training job reaches its own folder and data and nothing else: the roles as they are deployed, judged by moto's IAM. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { trainingJobSchema } from '@maas/core/contract'
import { sessionPolicy } from '@maas/core/jobs'
import type { Template } from 'aws-cdk-lib/assertions'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isMotoMissing, type Moto, motoCredentials, startMoto } from '../support/moto.ts'
import { pointsJob } from '../support/points.ts'
import { synthesize } from './synth.ts'

type Statement = Readonly<Record<string, unknown>>
const roles = ['JobRole', 'CredentialsRole', 'WriterRole'] as const
const account = 'arn:aws:iam::123456789012:role'
/** Of everything that plays no part here. */
const elsewhere = 'arn:aws:lambda:eu-west-1:123456789012:function:other'

let training: Template
beforeAll(() => {
  training = synthesize().training
})

const named = (type: string, id: string) =>
  Object.entries(training.findResources(type)).find(([name]) => name.startsWith(id))?.[1].Properties
const statementsOf = (role: string): Statement[] => named('AWS::IAM::Policy', role).PolicyDocument.Statement
const trustOf = (role: string) => named('AWS::IAM::Role', role).AssumeRolePolicyDocument.Statement

describe('the roles of training jobs', () => {
  it('leave a container nothing but to ask for credentials', () => {
    const [statement, ...others] = statementsOf('JobRole')
    expect(others).toEqual([])
    expect(statement).toMatchObject({ Effect: 'Allow', Action: 'lambda:InvokeFunction' })
    expect(JSON.stringify(statement?.Resource)).toMatch(/^\{"Ref":"CredentialsFunctionAliaslive/)
  })

  it('let one function assume the role that writes, which reads tokens and writes nothing itself', () => {
    const [trust, ...others] = trustOf('WriterRole')
    expect(others).toEqual([])
    expect(trust.Action).toBe('sts:AssumeRole')
    expect(JSON.stringify(trust.Principal)).toMatch(/^\{"AWS":\{"Fn::GetAtt":\["CredentialsRole/)
    const assuming = Object.entries(training.findResources('AWS::IAM::Policy')).filter(([, each]) =>
      JSON.stringify(each.Properties.PolicyDocument).includes('sts:AssumeRole'),
    )
    expect(assuming.map(([id]) => id.replace(/DefaultPolicy.*/, ''))).toEqual(['CredentialsRole'])
    expect(JSON.stringify(statementsOf('CredentialsRole'))).not.toMatch(/s3:(Put|Delete)|dynamodb|kms:Gen/)
  })

  it('touch no model and no alias, and no job’s document or token', () => {
    const text = JSON.stringify(statementsOf('WriterRole'))
    expect(text).not.toMatch(/\/models\/|\/blobs\/|dynamodb|s3:DeleteObject/)
    const written = statementsOf('WriterRole').find(({ Action }) => [Action].flat().includes('s3:PutObject'))
    const keys = [...JSON.stringify(written?.Resource).matchAll(/"\/([^"]+)"/g)].map(([, key]) => key)
    expect(keys).toEqual([
      ...['jobs/*/candidate/*', 'jobs/*/candidate.json', 'jobs/*/failure.txt', 'jobs/*/phases/*', 'jobs/*/log/*'],
      'checkpoints/*',
    ])
  })
})

/** Names of what a template leaves to CloudFormation: the bucket and the roles; whatever else there is plays no part here. */
const resolve = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(resolve)
  if (typeof value !== 'object' || value === null) return value
  const text = JSON.stringify(value)
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute } = value as Record<string, [string, string & unknown[]]>
  if (join !== undefined) return (join[1].map(resolve) as string[]).join(join[0])
  const role = attribute && roles.find((each) => attribute[0].startsWith(each))
  if (role !== undefined) return `${account}/${role}`
  if ('Fn::ImportValue' in value) return text.includes('Models') ? 'arn:aws:s3:::models' : elsewhere
  const known = { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '123456789012' }
  if ('Ref' in value) return known[value.Ref as keyof typeof known] ?? elsewhere
  if (attribute !== undefined) return elsewhere
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]))
}

describe.skipIf(isMotoMissing())('a training job, with IAM turned on', () => {
  const region = 'eu-west-1'
  const credentials = motoCredentials
  const job = trainingJobSchema.parse(pointsJob('models', {}))
  let moto: Moto

  interface Keys {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  const s3 = (keys: Keys) => new S3Client({ endpoint: moto.endpoint, region, credentials: keys, forcePathStyle: true })
  const assume = async (keys: Keys, role: string, Policy?: string): Promise<Keys> => {
    const sts = new STSClient({ endpoint: moto.endpoint, region, credentials: keys })
    const RoleArn = `${account}/${role}`
    const { Credentials: c = {} } = (await sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session', ...(Policy !== undefined && { Policy }) }),
    )) as { Credentials?: { AccessKeyId?: string; SecretAccessKey?: string; SessionToken?: string } }
    return {
      accessKeyId: c.AccessKeyId ?? '',
      secretAccessKey: c.SecretAccessKey ?? '',
      sessionToken: c.SessionToken ?? '',
    }
  }
  const put = (keys: Keys, Key: string) => s3(keys).send(new PutObjectCommand({ Bucket: 'models', Key, Body: 'x' }))
  const get = (keys: Keys, Key: string) => s3(keys).send(new GetObjectCommand({ Bucket: 'models', Key }))
  const iam = async (Action: string, fields: Readonly<Record<string, string>>): Promise<void> => {
    const scope = 'Credential=test/20260101/us-east-1/iam/aws4_request'
    const reply = await fetch(moto.endpoint, {
      method: 'POST',
      headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none` },
      body: new URLSearchParams({ Action, Version: '2010-05-08', ...fields }),
    })
    if (!reply.ok) throw new Error(`${Action}: ${await reply.text()}`)
  }
  const judge = (after: string) => fetch(`${moto.endpoint}/moto-api/reset-auth`, { method: 'POST', body: after })

  let [container, lender, own, whole]: Keys[] = []
  beforeAll(async () => {
    moto = await startMoto()
    await fetch(`${moto.endpoint}/models`, { method: 'PUT' })
    for (const key of ['datasets/points.csv', 'datasets/other.csv', 'jobs/points-2/spec.json'])
      await put(credentials, key)
    const document = (Statement: unknown) => JSON.stringify({ Version: '2012-10-17', Statement })
    for (const role of roles) {
      // moto compares principals as text, where AWS takes a role for its sessions.
      const trust = document(resolve(trustOf(role))).replaceAll(
        `${account}/CredentialsRole`,
        'arn:aws:sts::123456789012:assumed-role/CredentialsRole/session',
      )
      await iam('CreateRole', { RoleName: role, AssumeRolePolicyDocument: trust })
      // moto denies every statement with a condition it cannot judge; these are asserted on the templates.
      const judged = statementsOf(role).filter(({ Condition }) => Condition === undefined)
      const policy = { PolicyName: 'own', PolicyDocument: document(resolve(judged)) }
      await iam('PutRolePolicy', { RoleName: role, ...policy })
    }
    ;[container, lender] = [await assume(credentials, 'JobRole'), await assume(credentials, 'CredentialsRole')]
    await judge('0')
    const policy = sessionPolicy(job, 's3://models', 'arn:aws:s3:::models')
    ;[own, whole] = [await assume(lender, 'WriterRole', policy), await assume(lender, 'WriterRole')]
  })
  afterAll(() => moto?.stop())

  const denied = { name: 'AccessDenied' }

  it('writes what its container writes, and reads its data', async () => {
    for (const key of ['candidate/model.json', 'candidate.json', 'failure.txt', 'phases/0001-Training', 'log/0001'])
      await put(own as Keys, `jobs/points-1/${key}`)
    await put(own as Keys, 'checkpoints/points-1/newest.safetensors')
    await get(own as Keys, 'datasets/points.csv')
  })

  it.each([
    'jobs/points-2/candidate/model.json',
    'jobs/points-2/candidate.json',
    'jobs/points-10/failure.txt',
    'checkpoints/points-2/newest.safetensors',
    'jobs/points-1/spec.json',
    'jobs/points-1/status.json',
    'jobs/points-1/grants/forged.json',
    'models/cifar10/aliases/production.json',
    'datasets/points.csv',
  ])('may not write %s', async (key) => {
    await expect(put(own as Keys, key)).rejects.toMatchObject(denied)
  })

  it('may not read what its channels do not name, nor another job', async () => {
    await expect(get(own as Keys, 'datasets/other.csv')).rejects.toMatchObject(denied)
    await expect(get(own as Keys, 'jobs/points-2/spec.json')).rejects.toMatchObject(denied)
  })

  it('is kept from it by the policy of its session alone: the role would let it', async () => {
    await put(whole as Keys, 'jobs/points-2/candidate/model.json')
    await get(whole as Keys, 'datasets/other.csv')
    await expect(put(whole as Keys, 'jobs/points-2/spec.json')).rejects.toMatchObject(denied)
  })

  it('gets nowhere with the container’s own role: it writes nothing, reads nothing and assumes nothing', async () => {
    await expect(put(container as Keys, 'jobs/points-1/candidate.json')).rejects.toMatchObject(denied)
    await expect(get(container as Keys, 'datasets/points.csv')).rejects.toMatchObject(denied)
    await expect(assume(container as Keys, 'WriterRole')).rejects.toMatchObject(denied)
    await expect(put(lender as Keys, 'jobs/points-1/candidate.json')).rejects.toMatchObject(denied)
  })
})
