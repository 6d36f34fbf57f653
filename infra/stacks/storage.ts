/** What must outlive every deployment: models, their key, their access logs, the table of API keys, and the one role that registers. */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { AnyPrincipal, Effect, PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import type { Config } from '../config.ts'
import { functionRole, logGroupPattern } from '../constructs/role.ts'
import { allowStore } from '../constructs/store.ts'
import { allowCounting } from '../constructs/table.ts'

export interface StorageProps extends StackProps {
  readonly config: Config
}

export class StorageStack extends Stack {
  /** Laid out by `layers/core/registry` and by the contract's job keys. */
  readonly models: Bucket
  readonly key: Key
  /** API keys by their hash. */
  readonly table: Table
  /** Of the api and events functions: nobody else writes manifests, aliases and blobs. It counts what keys use and sees no key. */
  readonly registryRole: Role

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id, props)
    const { config } = props
    this.key = this.createKey(config)
    this.models = this.createBucket(config)
    this.table = new Table(this, 'Keys', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expires',
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.registryRole = functionRole(this, 'RegistryRole', {
      stage: config.stage,
      description: 'Registers versions and moves aliases',
    })
    allowStore(this.registryRole, this, {
      read: ['models/*', 'blobs/*', 'gc/*', 'jobs/*', 'imports/*', 'uploads/*', 'datasets/*', 'transforms/*'],
      // What it signs addresses for, it must be allowed itself.
      write: [
        ...[
          'models/*',
          'blobs/*',
          'gc/*',
          'jobs/*/spec.json',
          'jobs/*/status.json',
          'jobs/*/grants/*',
          'jobs/_index/*',
          'uploads/*',
          'datasets/*',
          'verifications/*',
        ],
        ...['imports/*/request.json', 'imports/*/ready.json', 'imports/*/outcome.json'],
        ...['transforms/*/spec.json', 'transforms/*/status.json', 'transforms/*/output/*', 'transforms/_index/*'],
      ],
      delete: ['models/*', 'blobs/*', 'gc/*', 'imports/*', 'uploads/*'],
    })
    allowCounting(this.registryRole, this)
    this.registryRole.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListMultipartUploadParts'],
        resources: ['uploads/*', 'datasets/*'].map((keys) => this.models.arnForObjects(keys)),
      }),
    )
    this.protectRegistry()
    new CfnOutput(this, 'Bucket', { description: 'Holds models, data and jobs', value: this.models.bucketName })
    new CfnOutput(this, 'KeyTable', { description: 'Holds API keys by their hash', value: this.table.tableName })
  }

  private createKey({ stage }: Config): Key {
    const key = new Key(this, 'Key', {
      description: 'Encrypts models, data, API keys and logs of the model service',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${this.region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroupPattern(this, stage) } },
      }),
    )
    return key
  }

  private createBucket({ keepDays }: Config): Bucket {
    const accessLogs = new Bucket(this, 'AccessLogs', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [{ id: 'old-logs', expiration: Duration.days(keepDays) }],
      removalPolicy: RemovalPolicy.RETAIN,
    })
    const models = new Bucket(this, 'Models', {
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      // One data key a bucket instead of one a request: KMS is billed by the call.
      bucketKeyEnabled: true,
      versioned: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: 'models/',
      lifecycleRules: [
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(2) },
        { id: 'replaced-objects', noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
        { id: 'old-uploads', prefix: 'uploads/', expiration: Duration.days(7) },
        { id: 'old-imports', prefix: 'imports/', expiration: Duration.days(keepDays) },
        { id: 'old-verifications', prefix: 'verifications/', expiration: Duration.days(1) },
        { id: 'old-checkpoints', prefix: 'checkpoints/', expiration: Duration.days(14) },
        { id: 'old-predictions', prefix: 'predictions/', expiration: Duration.days(2) },
        { id: 'old-transforms', prefix: 'transforms/', expiration: Duration.days(keepDays) },
        { id: 'old-jobs', prefix: 'jobs/', expiration: Duration.days(keepDays) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    })
    // `eventBridgeEnabled` would do it by a function with rights on every bucket of the account.
    const bucket = models.node.defaultChild as CfnBucket
    bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } }
    return models
  }

  /** Refusals that hold for administrators too: whoever really must, changes this policy first. */
  private protectRegistry(): void {
    const refuse = (sid: string, actions: string[], keys: string[], conditions?: Record<string, unknown>): void => {
      this.models.addToResourcePolicy(
        new PolicyStatement({
          sid,
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions,
          resources: keys.map((key) => this.models.arnForObjects(key)),
          ...(conditions && { conditions }),
        }),
      )
    }
    refuse('RefuseUnconditionalManifests', ['s3:PutObject'], ['models/*/versions/*/manifest.json'], {
      Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' },
    })
    refuse(
      'OnlyTheRegistryWrites',
      ['s3:PutObject', 's3:DeleteObject'],
      ['models/*/versions/*', 'models/*/aliases/*', 'blobs/*'],
      { ArnNotEquals: { 'aws:PrincipalArn': this.registryRole.roleArn } },
    )
    refuse('NobodyErasesHistory', ['s3:DeleteObjectVersion'], ['models/*', 'blobs/*'])
  }
}
