import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { protectedStacks, synthesize } from './synth.ts'

let storage: Template
beforeAll(() => {
  storage = synthesize().storage
})

const policyOf = (template: Template) => Object.values(template.findResources('AWS::S3::BucketPolicy'))
const statement = (sid: string) =>
  policyOf(storage)
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .find(({ Sid }) => Sid === sid)

describe('the models bucket', () => {
  it('is encrypted with a key that rotates, versioned, private, and tells EventBridge', () => {
    storage.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true })
    storage.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
          ],
        },
        VersioningConfiguration: { Status: 'Enabled' },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
        LoggingConfiguration: { LogFilePrefix: 'models/' },
      },
    })
    const everyBlock = {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    }
    storage.allResourcesProperties('AWS::S3::Bucket', { PublicAccessBlockConfiguration: everyBlock })
  })

  it('takes no plain connection and no old TLS, and neither does the log bucket', () => {
    for (const { Properties } of policyOf(storage)) {
      const text = JSON.stringify(Properties.PolicyDocument)
      expect(text).toContain('"aws:SecureTransport":"false"')
      expect(text).toContain('"s3:TlsVersion"')
    }
    expect(policyOf(storage)).toHaveLength(2)
  })

  it('lets go of what nobody needs: unfinished uploads, old versions, uploads, checkpoints, jobs', () => {
    const [, models] = Object.values(storage.findResources('AWS::S3::Bucket'))
    const rules = models?.Properties.LifecycleConfiguration.Rules
    const days = Object.fromEntries(rules.map((rule: Record<string, unknown>) => [rule.Prefix ?? rule.Id, rule]))
    expect(days['unfinished-uploads'].AbortIncompleteMultipartUpload).toEqual({ DaysAfterInitiation: 2 })
    expect(days['replaced-objects'].NoncurrentVersionExpiration).toEqual({ NoncurrentDays: 30 })
    expect(days['uploads/'].ExpirationInDays).toBe(7)
    expect(days['checkpoints/'].ExpirationInDays).toBe(14)
    expect(days['jobs/'].ExpirationInDays).toBe(90)
    expect(days['transforms/'].ExpirationInDays).toBe(90)
    expect(JSON.stringify(rules)).not.toMatch(/"Prefix":"(models|blobs)/)
  })

  it('refuses manifests that are written without a condition, from anybody', () => {
    expect(statement('RefuseUnconditionalManifests')).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' } },
    })
  })

  it('refuses everybody but the registry to write or delete versions, aliases and blobs', () => {
    const { Action, Condition, Resource, Effect } = statement('OnlyTheRegistryWrites')
    expect({ Action, Effect }).toEqual({ Action: ['s3:PutObject', 's3:DeleteObject'], Effect: 'Deny' })
    expect(Object.keys(Condition.ArnNotEquals)).toEqual(['aws:PrincipalArn'])
    const text = JSON.stringify(Resource)
    for (const keys of ['/models/*/versions/*', '/models/*/aliases/*', '/blobs/*']) expect(text).toContain(keys)
  })

  it('lets nobody erase what versioning keeps', () => {
    expect(statement('NobodyErasesHistory')).toMatchObject({ Effect: 'Deny', Action: 's3:DeleteObjectVersion' })
  })
})

describe('the table of keys', () => {
  it('costs nothing while idle, is encrypted, can be restored, and cannot be deleted by mistake', () => {
    storage.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: Match.objectLike({ SSEEnabled: true, SSEType: 'KMS' }),
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      },
    })
  })
})

describe('upgrades', () => {
  /** A new id here means that CloudFormation makes an empty one and leaves the old one behind. Never change these. */
  const stateful = {
    'AWS::DynamoDB::Table': ['Keys4E30B592'],
    'AWS::KMS::Key': ['Key961B73FD'],
    'AWS::S3::Bucket': ['AccessLogs8B620ECA', 'ModelsC55D3500'],
  }

  it('never replace what holds data', () => {
    for (const [type, ids] of Object.entries(stateful)) {
      expect(Object.keys(storage.findResources(type)).sort(), type).toEqual(ids)
    }
  })

  it('cannot delete its stack by mistake', () => {
    expect([...protectedStacks]).toEqual(['maas-dev-storage'])
  })

  it('and nothing outside the storage stack holds data', () => {
    const { storage: _, ...others } = synthesize()
    for (const template of Object.values(others)) {
      for (const type of Object.keys(stateful)) expect(template.findResources(type)).toEqual({})
    }
  })
})
