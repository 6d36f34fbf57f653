/** A Lambda as all of ours are: own encrypted log group, tracing, JSON logs, and an alias that callers use. */
import { Duration, RemovalPolicy, type Size } from 'aws-cdk-lib'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import type { IRole, Role } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import {
  type Alias,
  Architecture,
  Code,
  DockerImageCode,
  DockerImageFunction,
  type FunctionOptions,
  type ILayerVersion,
  Function as Lambda,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Config } from '../config.ts'
import { logGroupName } from './role.ts'

export interface MaasFunctionProps {
  readonly config: Config
  /** Of the log group and of the dashboard's rows. */
  readonly name: string
  readonly description: string
  readonly key: Key
  readonly role: Role
  /** A folder with `index.mjs`, or one with a Dockerfile. */
  readonly code: { readonly zip: string } | { readonly image: string }
  /** Of a zip: `file.export`. @default index.handler */
  readonly handler?: string
  readonly environment: Readonly<Record<string, string>>
  /** MB. */
  readonly memory: number
  readonly timeout: Duration
  /** @default the account's limit */
  readonly reservedConcurrency?: number | undefined
  /** Receives events that failed every time, where callers do not wait. */
  readonly deadLetterQueue?: Queue
  /** @default none */
  readonly provisionedConcurrency?: number
  /** Of a zip. @default none */
  readonly layers?: ILayerVersion[]
  /** Of /tmp. @default 512 MB */
  readonly disk?: Size
}

/** Of the metrics that functions write into their logs. */
export const metricsNamespace = ({ stage }: Pick<Config, 'stage'>): string => `maas/${stage}`

export class MaasFunction extends Construct {
  readonly function: Lambda
  /** What callers invoke: a release can be taken back by pointing it at the version before. */
  readonly live: Alias
  readonly logs: LogGroup
  /** MB. */
  readonly memory: number

  constructor(scope: Construct, id: string, props: MaasFunctionProps) {
    super(scope, id)
    const { config, name, code, provisionedConcurrency: warm = 0 } = props
    this.logs = createLogGroup(this, 'Logs', props)
    this.memory = props.memory
    const options: FunctionOptions = {
      description: props.description,
      role: props.role.withoutPolicyUpdates() as IRole,
      architecture: config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: props.memory,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      logGroup: this.logs,
      // A release is taken back by pointing the alias at the version before, so that has to be there still.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(config),
        ...props.environment,
      },
      ...(props.disk && { ephemeralStorageSize: props.disk }),
      ...(props.layers && { layers: props.layers }),
      ...(props.deadLetterQueue && { deadLetterQueue: props.deadLetterQueue as IQueue }),
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
    }
    this.function =
      'zip' in code
        ? new Lambda(this, 'Function', {
            ...options,
            runtime: Runtime.NODEJS_24_X,
            handler: props.handler ?? 'index.handler',
            code: Code.fromAsset(code.zip),
          })
        : new DockerImageFunction(this, 'Function', {
            ...options,
            code: DockerImageCode.fromImageAsset(code.image, { platform: platformOf(config) }),
          })
    this.live = this.function.addAlias('live', warm > 0 ? { provisionedConcurrentExecutions: warm } : {})
  }
}

export const platformOf = ({ architecture }: Config): Platform =>
  architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64

export const createLogGroup = (
  scope: Construct,
  id: string,
  { config, name, key }: Pick<MaasFunctionProps, 'config' | 'name' | 'key'>,
): LogGroup =>
  new LogGroup(scope, id, {
    logGroupName: logGroupName(config.stage, name),
    encryptionKey: key,
    // The nearest of the periods that CloudWatch takes.
    retention: [3653, 1827, 1096, 731, 365, 180, 90, 60, 30, 14].find((days) => days <= config.keepDays) ?? 14,
    removalPolicy: RemovalPolicy.DESTROY,
  })

export const seconds = (count: number): Duration => Duration.seconds(count)
