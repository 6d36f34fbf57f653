/** The check of imported models: events of the bucket through a queue to a function on the kernels layer, and what waits when it fails. */
import { Duration, Size } from 'aws-cdk-lib'
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { ILayerVersion } from 'aws-cdk-lib/aws-lambda'
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Config } from '../config.ts'
import { MaasFunction } from './function.ts'
import { functionRole } from './role.ts'
import { allowStore, type Store } from './store.ts'

export interface CheckProps {
  readonly config: Config
  readonly storage: Store
  /** Folder with the function's programs. */
  readonly code: string
  readonly layer: ILayerVersion
  readonly environment: Readonly<Record<string, string>>
}

/** A queue hides a message for at least as long as the function may take. */
const timeout = Duration.minutes(14)

export class Check extends Construct {
  readonly function: MaasFunction
  readonly queue: Queue
  /** Events whose check failed five times. */
  readonly failed: Queue

  constructor(scope: Construct, id: string, { config, storage, code, layer, environment }: CheckProps) {
    super(scope, id)
    const secure = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) }
    this.failed = new Queue(this, 'Failed', secure)
    this.queue = new Queue(this, 'Queue', {
      ...secure,
      visibilityTimeout: Duration.minutes(15),
      deadLetterQueue: { queue: this.failed as IQueue, maxReceiveCount: 5 },
    })
    this.function = new MaasFunction(this, 'Function', {
      config,
      environment,
      timeout,
      key: storage.key,
      name: 'check',
      description: 'Vets imported models',
      role: this.createRole(config, storage),
      code: { zip: code },
      layers: [layer],
      // The kernels take 634 MB of it, the rest is a model's, read and converted.
      disk: Size.gibibytes(8),
      memory: 3008,
    })
    const source = new CfnEventSourceMapping(this, 'Source', {
      functionName: this.function.live.functionArn,
      eventSourceArn: this.queue.queueArn,
      batchSize: 1,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: 2 },
    })
    source.node.addDependency(this.function)
    new Rule(this, 'Ready', {
      description: 'An import whose files have all arrived, or a certificate to replay',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [storage.models.bucketName] },
          object: { key: [{ wildcard: 'imports/*/ready.json' }, { prefix: 'verifications/' }] },
        },
      },
      targets: [new SqsQueue(this.queue as IQueue, { deadLetterQueue: this.failed as IQueue })],
    })
    new Rule(this, 'Daily', {
      description: 'Replays certificates on kernels that they were never replayed on',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [
        new SqsQueue(this.queue as IQueue, {
          deadLetterQueue: this.failed as IQueue,
          message: RuleTargetInput.fromObject({ task: 'sweep' }),
        }),
      ],
    })
  }

  private createRole(config: Config, storage: Store) {
    const role = functionRole(this, 'CheckRole', { stage: config.stage, description: 'Reads imports, writes verdicts' })
    allowStore(role, storage, {
      read: ['imports/*', 'uploads/*', 'verifications/*', 'models/*', 'blobs/*'],
      write: ['imports/*/candidate/*', 'imports/*/graph.pb', 'imports/*/verdict.json', 'models/*/derived/*'],
    })
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [this.queue.queueArn],
      }),
    )
    return role
  }
}
