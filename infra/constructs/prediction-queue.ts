/** The queue of asynchronous predictions: the predict function puts ids in, and is called with them one at a time. */
import { Duration } from 'aws-cdk-lib'
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { MaasFunction } from './function.ts'

/** Seconds of the predict function, and the six times as long that AWS advises for the queue in front of it. */
export const predictSeconds = 29

export class PredictionQueue extends Construct {
  readonly queue: Queue
  /** Ids that five runs could not answer; their resources say why. */
  readonly lost: Queue

  constructor(scope: Construct, id: string) {
    super(scope, id)
    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true }
    this.lost = new Queue(this, 'Lost', { ...common, retentionPeriod: Duration.days(14) })
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: Duration.seconds(6 * predictSeconds),
      // As long as a prediction is kept.
      retentionPeriod: Duration.days(1),
      deadLetterQueue: { queue: this.lost as IQueue, maxReceiveCount: 5 },
    })
  }

  allow(role: Role): void {
    const actions = ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']
    role.addToPolicy(
      new PolicyStatement({ actions: actions.map((action) => `sqs:${action}`), resources: [this.queue.queueArn] }),
    )
  }

  /** At most two run at once, so that callers who wait come first. */
  feed(predict: MaasFunction): void {
    const source = new SqsEventSource(this.queue as IQueue, {
      batchSize: 1,
      maxConcurrency: 2,
      reportBatchItemFailures: true,
    })
    source.bind(predict.live as IFunction)
  }
}
