/** What each role may do, and that it may do no more. */
import { deployedRoutes } from '@maas/core/contract'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { synthesize } from './synth.ts'

let service: Template
let all: ReturnType<typeof synthesize>
beforeAll(() => {
  all = synthesize()
  service = all.service
})

/** Allowed actions of the role whose policy's id starts like this, with their resources as text. */
const allowed = (template: Template, id: string): [string, string][] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([name]) => name.startsWith(id))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      [Action].flat().map((action: string): [string, string] => [action, JSON.stringify(Resource)]),
    )

/** Items of the table that the role's statements are kept to, one entry for each statement about it. */
const leadingKeys = (template: Template, id: string): string[] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([name]) => name.startsWith(id))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
    .filter(({ Action }) => String([Action].flat()).startsWith('dynamodb'))
    .flatMap(({ Condition }) => Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'] ?? ['everything'])

describe('rights', () => {
  it('let predict read models and blobs, and write asynchronous predictions and counters of keys alone', () => {
    const rights = allowed(service, 'PredictRole')
    expect(
      [...new Set(rights.map(([action]) => action))].filter((action) => /^(s3|kms|dynamodb|sqs)/.test(action)).sort(),
    ).toEqual([
      ...['dynamodb:GetItem', 'dynamodb:PutItem', 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
      ...['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject'],
      ...['s3:ListBucket', 's3:PutObject'],
      ...['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
    ])
    const prefixes = (action: string) =>
      rights
        .filter(([allowedAction]) => allowedAction === action)
        .flatMap(([, resources]) => resources.match(/\/\w+\/\*/g) ?? [])
        .sort()
    expect(prefixes('s3:GetObject')).toEqual(['/blobs/*', '/images/*', '/models/*', '/predictions/*'])
    expect(prefixes('s3:PutObject')).toEqual(['/images/*', '/predictions/*'])
    expect(JSON.stringify(rights)).toContain('/uploads/images/*')
    expect(prefixes('s3:DeleteObject')).toEqual(['/predictions/*'])
    expect(leadingKeys(service, 'PredictRole')).toEqual(['use#*'])
  })

  it('let the authorizer look one key up, and nothing else of the table', () => {
    const actions = allowed(service, 'AuthorizerRole').map(([action]) => action)
    expect(actions.filter((action) => action.startsWith('dynamodb'))).toEqual(['dynamodb:GetItem'])
    expect(actions.some((action) => action.startsWith('s3'))).toBe(false)
    expect(leadingKeys(service, 'AuthorizerRole')).toEqual(['key#*'])
  })

  it('let one function make and revoke keys, which can do nothing else and has the routes of keys alone', () => {
    const rights = allowed(service, 'KeysRole').map(([action]) => action)
    expect(rights.filter((action) => !/^(logs|xray)/.test(action)).sort()).toEqual([
      ...['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan'],
      ...['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
    ])
    service.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'keys.handler',
      Role: { 'Fn::GetAtt': [Match.stringLikeRegexp('^KeysRole'), 'Arn'] },
    })
    const methods = Object.values(service.findResources('AWS::ApiGateway::Method'))
    const toKeys = methods.filter(({ Properties }) =>
      JSON.stringify(Properties.Integration.Uri).includes('KeysFunction'),
    )
    expect(toKeys).toHaveLength(deployedRoutes.filter(({ owner }) => owner === 'keys').length)
    expect(toKeys).toHaveLength(3)
  })

  it('let one role register, that of the api and events code, which sees no key', () => {
    const rights = allowed(all.storage, 'RegistryRole')
    const dynamodb = rights.map(([action]) => action).filter((action) => action.startsWith('dynamodb'))
    expect(dynamodb).toEqual(['dynamodb:GetItem', 'dynamodb:PutItem'])
    expect(leadingKeys(all.storage, 'RegistryRole')).toEqual(['use#*'])
    const writes = (template: Template): string[] =>
      Object.entries(template.findResources('AWS::IAM::Policy'))
        .filter(([, { Properties }]) =>
          Properties.PolicyDocument.Statement.some(
            ({ Action, Resource }: Record<string, unknown>) =>
              [Action].flat().includes('s3:PutObject') && /\/(models|blobs)\/\*"/.test(JSON.stringify(Resource)),
          ),
        )
        .map(([id]) => id.replace(/DefaultPolicy.*/, ''))
    expect(Object.values(all).flatMap(writes)).toEqual(['RegistryRole'])
    const roleOf = (template: Template, name: string) =>
      Object.values(template.findResources('AWS::Lambda::Function')).find(
        ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === name,
      )?.Properties.Role
    for (const [template, name] of [
      ...[[service, 'api'] as const, [service, 'stream'] as const, [all.training, 'events'] as const],
    ]) {
      expect(JSON.stringify(roleOf(template, name)), name).toContain('RegistryRole')
    }
  })

  it('let containers do without logs and traces of their own, which Fargate writes for them', () => {
    const jobs = allowed(all.training, 'JobRole').map(([action]) => action)
    expect(jobs).toEqual(['lambda:InvokeFunction'])
    const starting = allowed(all.training, 'ExecutionRole').map(([action]) => action)
    expect(starting.sort()).toEqual([
      ...['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetAuthorizationToken'],
      ...['ecr:GetDownloadUrlForLayer', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    ])
  })

  it('let check read what is imported and stored, and write candidates and verdicts alone', () => {
    const rights = allowed(service, 'Check')
    const of = (action: string) =>
      rights.filter(([one]) => one === action).flatMap(([, resources]) => resources.match(/\/\w+\/\*[\w/.*-]*/g) ?? [])
    expect(of('s3:GetObject').sort()).toEqual(['/blobs/*', '/imports/*', '/models/*', '/uploads/*', '/verifications/*'])
    expect(of('s3:PutObject').sort()).toEqual([
      ...['/imports/*/candidate/*', '/imports/*/graph.pb', '/imports/*/verdict.json', '/models/*/derived/*'],
    ])
    expect(rights.some(([action]) => action.startsWith('dynamodb'))).toBe(false)
    const queues = rights.filter(([action]) => action.startsWith('sqs'))
    expect(queues.map(([action]) => action).sort()).toEqual([
      ...['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    ])
    for (const [, resources] of queues) expect(resources).toMatch(/CheckQueue/)
  })

  it('use no wildcard for actions anywhere', () => {
    for (const template of Object.values(all)) {
      for (const [action] of allowed(template, '')) expect(action).not.toMatch(/\*/)
    }
  })

  it('come from no managed policy but the one API Gateway asks for', () => {
    const managed = Object.values(all).flatMap((template) =>
      Object.values(template.findResources('AWS::IAM::Role')).flatMap(
        ({ Properties }) => Properties.ManagedPolicyArns ?? [],
      ),
    )
    expect(managed).toHaveLength(1)
    expect(JSON.stringify(managed)).toContain('AmazonAPIGatewayPushToCloudWatchLogs')
  })
})
