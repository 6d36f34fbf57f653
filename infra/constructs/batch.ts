/** Batch on Fargate: environments, queue, and the job that runs the training image. */
import { ArnFormat, Stack } from 'aws-cdk-lib'
import { CfnComputeEnvironment, CfnJobDefinition, CfnJobQueue } from 'aws-cdk-lib/aws-batch'
import type { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets'
import type { Role } from 'aws-cdk-lib/aws-iam'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { type Config, capacityOf } from '../config.ts'
import type { Network } from './network.ts'

export interface BatchProps {
  readonly config: Config
  readonly network: Network
  readonly image: DockerImageAsset
  readonly logs: LogGroup
  /** Of training jobs, and of transform jobs. */
  readonly jobRole: Role
  readonly transformRole: Role
  readonly executionRole: Role
  readonly store: string
  /** ARN of the function that lends training jobs their credentials. */
  readonly lender: string
}

/** What tells the two kinds of jobs apart. */
interface Definition {
  readonly name: string
  readonly command: string
  readonly role: Role
  readonly environment: Readonly<Record<string, string>>
}

/** Name of the container in the job definition, for overrides. */
export const containerName = 'train'

/** Fargate gives at most this long between SIGTERM and SIGKILL. */
const STOP_SECONDS = 120

/** A queue may keep one attempt and three retries; a job that Spot takes away four times is told so. */
const ATTEMPTS = 4

/** Of the queue and of the job definition of transform jobs: known before the stack that makes them. */
export const transformName = (stage: string): string => `maas-${stage}-transform`

/** The first rule that matches counts; a job whose end matches none would be tried again, so the last ones match every end. */
const endings = [
  { onStatusReason: 'Your Spot Task was interrupted*', action: 'RETRY' },
  { onReason: 'Your Spot Task was interrupted*', action: 'RETRY' },
  { onExitCode: '*', action: 'EXIT' },
  { onReason: '*', action: 'EXIT' },
  { onStatusReason: '*', action: 'EXIT' },
]

export class Batch extends Construct {
  readonly queueArn: string
  /** For jobs that do not ask for Spot; the same queue where there is no such capacity. */
  readonly onDemandQueueArn: string
  readonly definitionArn: string
  /** All revisions, as the right to submit names them. */
  readonly definitionPattern: string
  /** Of transform jobs. */
  readonly transformQueueArn: string
  readonly transformPattern: string

  constructor(scope: Construct, id: string, props: BatchProps) {
    super(scope, id)
    const { spot, onDemand } = capacityOf(props.config.training)
    const environments = [
      ...(spot > 0 ? [this.createEnvironment('FARGATE_SPOT', spot, props)] : []),
      ...(onDemand > 0 ? [this.createEnvironment('FARGATE', onDemand, props)] : []),
    ]
    this.queueArn = this.createQueue('Queue', environments)
    // On-demand capacity comes last, and stands alone where there is no Spot.
    this.onDemandQueueArn =
      environments.length > 1 ? this.createQueue('OnDemandQueue', environments.slice(-1)) : this.queueArn
    const { stage } = props.config
    this.transformQueueArn = this.createQueue('TransformQueue', environments, transformName(stage))
    const environment = { MAAS_STORE: props.store }
    const train: Definition = {
      name: `maas-${stage}-train`,
      command: 'train',
      role: props.jobRole,
      environment: { ...environment, MAAS_JOB_CREDENTIALS: props.lender },
    }
    const transform: Definition = {
      name: transformName(stage),
      command: 'transform',
      role: props.transformRole,
      environment,
    }
    this.definitionArn = this.createDefinition('Job', props, train).ref
    this.createDefinition('TransformJob', props, transform)
    this.definitionPattern = this.revisionsOf(train.name)
    this.transformPattern = this.revisionsOf(transform.name)
  }

  private revisionsOf(name: string): string {
    return Stack.of(this).formatArn({
      service: 'batch',
      resource: 'job-definition',
      resourceName: `${name}*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    })
  }

  private createQueue(id: string, environments: readonly CfnComputeEnvironment[], name?: string): string {
    const queue = new CfnJobQueue(this, id, {
      ...(name !== undefined && { jobQueueName: name }),
      priority: 1,
      computeEnvironmentOrder: environments.map((environment, index) => ({
        order: index + 1,
        computeEnvironment: environment.attrComputeEnvironmentArn,
      })),
    })
    return queue.attrJobQueueArn
  }

  private createEnvironment(
    type: 'FARGATE' | 'FARGATE_SPOT',
    maxvCpus: number,
    { network }: BatchProps,
  ): CfnComputeEnvironment {
    return new CfnComputeEnvironment(this, type === 'FARGATE' ? 'OnDemand' : 'Spot', {
      type: 'MANAGED',
      state: 'ENABLED',
      replaceComputeEnvironment: false,
      computeResources: {
        type,
        maxvCpus,
        subnets: network.subnets.map(({ subnetId }) => subnetId),
        securityGroupIds: [network.securityGroup.securityGroupId],
      },
    })
  }

  /** The same image and container, told apart by the command and by the role. */
  private createDefinition(id: string, props: BatchProps, job: Definition): CfnJobDefinition {
    const { config, image, logs, network } = props
    const { cpus, memory, disk, maxHours } = config.training
    const volumes = { work: '/opt/ml', temporary: '/tmp' }
    return new CfnJobDefinition(this, id, {
      jobDefinitionName: job.name,
      type: 'container',
      platformCapabilities: ['FARGATE'],
      propagateTags: true,
      retryStrategy: { attempts: ATTEMPTS, evaluateOnExit: endings },
      timeout: { attemptDurationSeconds: maxHours * 3600 },
      ecsProperties: {
        taskProperties: [
          {
            taskRoleArn: job.role.roleArn,
            executionRoleArn: props.executionRole.roleArn,
            platformVersion: '1.4.0',
            runtimePlatform: {
              cpuArchitecture: config.architecture === 'arm64' ? 'ARM64' : 'X86_64',
              operatingSystemFamily: 'LINUX',
            },
            networkConfiguration: { assignPublicIp: network.publicIp ? 'ENABLED' : 'DISABLED' },
            ephemeralStorage: { sizeInGiB: disk },
            volumes: Object.keys(volumes).map((name) => ({ name })),
            containers: [
              {
                name: containerName,
                image: image.imageUri,
                essential: true,
                command: [job.command],
                user: '1000:1000',
                stopTimeout: STOP_SECONDS,
                readonlyRootFilesystem: true,
                mountPoints: Object.entries(volumes).map(([sourceVolume, containerPath]) => ({
                  sourceVolume,
                  containerPath,
                  readOnly: false,
                })),
                environment: Object.entries(job.environment).map(([name, value]) => ({ name, value })),
                resourceRequirements: [
                  { type: 'VCPU', value: String(cpus) },
                  { type: 'MEMORY', value: String(memory) },
                ],
                logConfiguration: {
                  logDriver: 'awslogs',
                  options: {
                    'awslogs-group': logs.logGroupName,
                    'awslogs-region': Stack.of(this).region,
                    'awslogs-stream-prefix': 'job',
                  },
                },
              },
            ],
          },
        ],
      },
    })
  }
}
