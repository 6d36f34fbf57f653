/** Training jobs: Batch on Fargate, the workflow around a job, and what records its course. */
import { rollbackAlarmPrefix } from '@maas/core/contract'
import { ArnFormat, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib'
import { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets'
import { Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { ArnPrincipal, type IRole, Policy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Artifacts } from '../artifacts.ts'
import type { Config } from '../config.ts'
import { Batch } from '../constructs/batch.ts'
import { createLogGroup, MaasFunction, platformOf } from '../constructs/function.ts'
import { Network } from '../constructs/network.ts'
import { allowLogs, functionRole, jobRoleName, taskRole } from '../constructs/role.ts'
import { allowStore } from '../constructs/store.ts'
import { Workflow } from '../constructs/workflow.ts'
import type { StorageStack } from './storage.ts'

export interface TrainingProps extends StackProps {
  readonly config: Config
  readonly artifacts: Artifacts
  readonly storage: StorageStack
}

export class TrainingStack extends Stack {
  readonly batch: Batch
  readonly workflow: Workflow
  readonly events: MaasFunction
  /** Lends each training job what it may do with the bucket. */
  readonly credentials: MaasFunction
  /** State changes that the events function could not take. */
  readonly lost: Queue

  constructor(scope: Construct, id: string, props: TrainingProps) {
    super(scope, id, props)
    const { config, artifacts, storage } = props
    const common = { config, key: storage.key }
    const image = new DockerImageAsset(this, 'Image', {
      directory: artifacts.images.train,
      platform: platformOf(config),
    })
    const environment = { MAAS_STORE: `s3://${storage.models.bucketName}`, MAAS_BUCKET_ARN: storage.models.bucketArn }
    const lending = this.lendingRoles(props)
    this.credentials = new MaasFunction(this, 'Credentials', {
      ...common,
      name: 'credentials',
      description: 'Lends training jobs their rights',
      role: lending.lender,
      code: { zip: artifacts.functions.events },
      handler: 'credentials.handler',
      environment: { ...environment, MAAS_WRITER_ROLE: lending.writer.roleArn },
      memory: 512,
      timeout: Duration.seconds(29),
    })
    const lender = this.credentials.live.functionArn
    this.batch = new Batch(this, 'Batch', {
      config,
      image,
      network: new Network(this, 'Network', config),
      logs: createLogGroup(this, 'JobLogs', { ...common, name: 'train' }),
      jobRole: this.jobRole(props, lender),
      lender,
      transformRole: this.transformRole(props),
      executionRole: this.executionRole(props, image),
      store: environment.MAAS_STORE,
    })
    this.lost = new Queue(this, 'Lost', {
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    })
    this.events = new MaasFunction(this, 'Events', {
      ...common,
      name: 'events',
      description: 'Records, gates and registers jobs',
      role: storage.registryRole,
      code: { zip: artifacts.functions.events },
      environment: { ...environment, MAAS_KERNELS_ID: artifacts.kernels },
      memory: 1024,
      timeout: Duration.minutes(5),
      deadLetterQueue: this.lost,
    })
    this.events.node.addDependency(this.allowLost(storage.registryRole))
    this.workflow = new Workflow(this, 'Workflow', {
      stage: config.stage,
      batch: this.batch,
      events: this.events.live,
      logs: createLogGroup(this, 'WorkflowLogs', { ...common, name: 'workflow' }),
      // Longer than all attempts of a job together.
      timeout: Duration.hours(config.training.maxHours * 4 + 24),
    })
    this.recordChanges(props)
    this.takeBackMoves(props)
    this.allowRunning(storage.registryRole)
    new CfnOutput(this, 'WorkflowArn', { value: this.workflow.machine.stateMachineArn })
    new CfnOutput(this, 'JobQueue', { value: this.batch.queueArn })
  }

  /** Here and not in the role's own stack, which must not know this one. */
  private allowLost(role: Role): Policy {
    const statement = new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.lost.queueArn] })
    return new Policy(this, 'MayReportLost', { statements: [statement], roles: [role as IRole] })
  }

  /** Of the api and events functions, which start and stop jobs. */
  private allowRunning(role: Role): void {
    const { stateMachineArn, stateMachineName } = this.workflow.machine
    const executions = this.formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    // Batch makes up the ids of its jobs.
    const jobs = this.formatArn({ service: 'batch', resource: 'job', resourceName: '*' })
    const statements = [
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] }),
      new PolicyStatement({ actions: ['states:StopExecution'], resources: [executions] }),
      new PolicyStatement({ actions: ['batch:TerminateJob'], resources: [jobs] }),
      new PolicyStatement({
        actions: ['batch:SubmitJob'],
        resources: [this.batch.transformQueueArn, this.batch.transformPattern],
      }),
    ]
    new Policy(this, 'MayRunJobs', { statements, roles: [role as IRole] })
  }

  private recordChanges({ storage }: TrainingProps): void {
    const rule = new Rule(this, 'JobChanges', {
      description: "Every state change of this queue's jobs",
      eventPattern: {
        source: ['aws.batch'],
        detailType: ['Batch Job State Change'],
        detail: {
          jobQueue: [...new Set([this.batch.queueArn, this.batch.onDemandQueueArn, this.batch.transformQueueArn])],
        },
      },
    })
    const verdicts = new Rule(this, 'Verdicts', {
      description: 'What check found about an imported model',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [storage.models.bucketName] },
          object: { key: [{ wildcard: 'imports/*/verdict.json' }] },
        },
      },
    })
    const ended = new Rule(this, 'WorkflowEnds', {
      description: 'Workflows that ended without a version: refused by Batch, not registered, too slow, stopped',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.workflow.machine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
    })
    for (const each of [rule, ended, verdicts]) this.sendTo(each)
  }

  /** The alarms themselves are watched things of another stack, known here by their names. */
  private takeBackMoves({ config }: TrainingProps): void {
    if (config.rollback.length === 0) return
    const alarms = this.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: rollbackAlarmPrefix(config.stage),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    const rule = new Rule(this, 'Rollback', {
      description: 'Alarms about a model that take its alias back',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: [{ prefix: alarms }] as unknown as string[],
        detail: { state: { value: ['ALARM'] } },
      },
    })
    this.sendTo(rule)
  }

  private sendTo(rule: Rule): void {
    rule.addTarget(
      new LambdaFunction(this.events.live as IFunction, {
        deadLetterQueue: this.lost as IQueue,
        retryAttempts: 20,
        maxEventAge: Duration.hours(6),
      }),
    )
  }

  /** Of training jobs: touches nothing in the bucket by itself. It may ask for credentials, which come for one job's folder and data. */
  private jobRole({ config }: TrainingProps, lender: string): Role {
    const role = taskRole(this, 'JobRole', {
      description: 'Of training jobs: asks for the rights of one job',
      roleName: jobRoleName(config.stage),
    })
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [lender] }))
    return role
  }

  /**
   * `writer` has what all training jobs need together. Only the function that lends credentials may assume it, and it
   * narrows each session to one job: S3's policies have no variable for a job's name, and Batch knows one role for all.
   */
  private lendingRoles({ config, storage }: TrainingProps): Readonly<Record<'lender' | 'writer', Role>> {
    const lender = functionRole(this, 'CredentialsRole', {
      stage: config.stage,
      description: 'Checks tokens of training jobs, lends them their rights',
    })
    allowStore(lender, storage, { read: ['jobs/*/grants/*', 'jobs/*/spec.json', 'jobs/*/status.json'] })
    const writer = new Role(this, 'WriterRole', {
      description: 'Lent to training jobs, each for its own folder: reads data, writes candidates and checkpoints',
      assumedBy: new ArnPrincipal(lender.roleArn),
    })
    allowStore(writer, storage, {
      read: ['datasets/*', 'uploads/*', 'jobs/*', 'checkpoints/*'],
      write: [
        'jobs/*/candidate/*',
        'jobs/*/candidate.json',
        'jobs/*/failure.txt',
        'jobs/*/phases/*',
        'jobs/*/log/*',
        'checkpoints/*',
      ],
    })
    lender.addToPolicy(new PolicyStatement({ actions: ['sts:AssumeRole'], resources: [writer.roleArn] }))
    return { lender, writer }
  }

  /** Of transform jobs: reads data and models, writes parts of predictions and nothing else. */
  private transformRole({ storage }: TrainingProps): Role {
    const role = taskRole(this, 'TransformRole', {
      description: 'Of transform jobs: reads data and models, writes predictions',
    })
    allowStore(role, storage, {
      read: ['datasets/*', 'uploads/*', 'models/*', 'blobs/*', 'transforms/*'],
      write: ['transforms/*/parts/*', 'transforms/*/plan.json', 'transforms/*/failure.txt'],
    })
    return role
  }

  /** Of Fargate itself: pulls the image, writes the logs. */
  private executionRole({ config }: TrainingProps, image: DockerImageAsset): Role {
    const role = taskRole(this, 'ExecutionRole', { description: 'Starts training containers' })
    allowLogs(role, config.stage)
    role.addToPolicy(new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }))
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: [image.repository.repositoryArn],
      }),
    )
    return role
  }
}
