/** The service itself: kernels layer, functions, and the API in front of them. */
import { type ArnComponents, ArnFormat, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib'
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import type { Artifacts } from '../artifacts.ts'
import type { Config } from '../config.ts'
import { Api, usageKeysOf } from '../constructs/api.ts'
import { transformName } from '../constructs/batch.ts'
import { Check } from '../constructs/check.ts'
import { addDomain } from '../constructs/domain.ts'
import { addFirewall } from '../constructs/firewall.ts'
import { createLogGroup, MaasFunction, seconds } from '../constructs/function.ts'
import { PredictionQueue, predictSeconds } from '../constructs/prediction-queue.ts'
import { functionRole, jobRoleName } from '../constructs/role.ts'
import { allowStore } from '../constructs/store.ts'
import { allowCounting, allowLookup, allowManaging } from '../constructs/table.ts'
import { createWebhookSecret } from '../constructs/webhook-secret.ts'
import { workflowName } from '../constructs/workflow.ts'
import type { StorageStack } from './storage.ts'

export interface ServiceProps extends StackProps {
  readonly config: Config
  readonly artifacts: Artifacts
  readonly storage: StorageStack
}

type PredictOptions = Pick<Config, 'memory' | 'concurrency' | 'provisionedConcurrency'>

export class ServiceStack extends Stack {
  readonly api: Api
  /** Asynchronous predictions. */
  readonly later: PredictionQueue
  readonly functions: Readonly<Record<'predict' | 'api' | 'keys' | 'stream' | 'authorizer' | 'check', MaasFunction>>
  readonly check: Check
  /** Predict functions of single models. */
  readonly dedicated: Readonly<Record<string, MaasFunction>>

  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id, props)
    const { config, artifacts, storage } = props
    const layer = this.createKernelsLayer(props)
    const usageKeys = usageKeysOf(this, config.stage)
    const common = { config, key: storage.key }
    const environment = {
      MAAS_STORE: `s3://${storage.models.bucketName}`,
      MAAS_TABLE: storage.table.tableName,
      MAAS_CORS_ORIGINS: config.corsOrigins.join(','),
    }
    this.later = new PredictionQueue(this, 'Later')
    const role = this.predictRole(props)
    const secret = config.webhooks ? createWebhookSecret(this, storage.key, role) : undefined
    const predict = (construct: string, name: string, options: PredictOptions): MaasFunction =>
      new MaasFunction(this, construct, {
        ...common,
        name,
        role,
        description: 'Predictions',
        environment: {
          ...environment,
          MAAS_QUEUE: this.later.queue.queueUrl,
          ...(secret && { MAAS_WEBHOOK_SECRET: secret.secretArn }),
        },
        code: { image: artifacts.images.predict },
        memory: options.memory,
        timeout: seconds(predictSeconds),
        reservedConcurrency: options.concurrency,
        provisionedConcurrency: options.provisionedConcurrency,
      })
    const control = {
      ...common,
      role: storage.registryRole,
      memory: 512,
      environment: { ...environment, MAAS_KERNELS_ID: artifacts.kernels, ...this.trainingEnvironment(config) },
      code: { zip: artifacts.functions.api },
    }
    const { MAAS_STORE, ...ofKeys } = environment
    const code = artifacts.functions.check
    this.check = new Check(this, 'Check', { config, storage, layer, environment: { MAAS_STORE }, code })
    this.functions = {
      check: this.check.function,
      predict: predict('Predict', 'predict', config),
      api: new MaasFunction(this, 'Api', {
        ...control,
        name: 'api',
        description: 'Models, versions, aliases',
        timeout: seconds(29),
      }),
      // The same code behind another entrance: a streamed answer has another form than a whole one.
      stream: new MaasFunction(this, 'Stream', {
        ...control,
        name: 'stream',
        description: 'Answers piece by piece',
        timeout: Duration.minutes(15),
        handler: 'index.stream',
      }),
      // Of the table of keys the others see counters at most.
      keys: new MaasFunction(this, 'Keys', {
        ...common,
        name: 'keys',
        description: 'Makes, lists and revokes API keys',
        role: this.keysRole(props),
        code: control.code,
        handler: 'keys.handler',
        environment: ofKeys,
        memory: 256,
        timeout: seconds(29),
      }),
      authorizer: new MaasFunction(this, 'Authorizer', {
        ...common,
        name: 'authorizer',
        description: 'Who may call what',
        role: this.authorizerRole(props),
        code: { zip: artifacts.functions.authorizer },
        environment: {
          MAAS_TABLE: storage.table.tableName,
          MAAS_USAGE_KEY_DATA: usageKeys.data,
          MAAS_USAGE_KEY_CONTROL: usageKeys.control,
        },
        memory: 256,
        timeout: seconds(5),
      }),
    }
    this.dedicated = Object.fromEntries(
      Object.entries(config.dedicated).map(([model, options]) => [
        model,
        predict(`Predict-${model}`, `predict-${model}`, options),
      ]),
    )
    const { functions, dedicated } = this
    this.api = new Api(this, 'Gateway', {
      config,
      usageKeys,
      authorizer: functions.authorizer.live,
      streaming: functions.stream.live,
      owners: { predict: functions.predict.live, api: functions.api.live, keys: functions.keys.live },
      dedicated: Object.fromEntries(Object.entries(dedicated).map(([model, { live }]) => [model, live])),
      logs: createLogGroup(this, 'AccessLogs', { ...common, name: 'access' }),
    })
    this.later.feed(functions.predict)
    if (config.waf) addFirewall(this, this.api.rest)
    if (config.domain) addDomain(this, this.api.rest, config.domain)
    const url = config.domain === undefined ? this.api.rest.url : `https://${config.domain.name}/`
    new CfnOutput(this, 'Url', { description: 'Of the API', value: url })
    const firstKey = `npx maas login --stack maas-${config.stage}`
    new CfnOutput(this, 'FirstKey', {
      description: 'Makes a key and keeps it for maas and loadModel()',
      value: firstKey,
    })
  }

  /** For functions that are not container images, and for others in this account. */
  private createKernelsLayer({ config, artifacts }: ServiceProps): LayerVersion {
    const layer = new LayerVersion(this, 'Kernels', {
      description: "TensorFlow's native kernels for Node, packed; needs 1 GB of ephemeral storage",
      code: Code.fromAsset(artifacts.layer),
      compatibleArchitectures: [config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64],
      compatibleRuntimes: [Runtime.NODEJS_22_X, Runtime.NODEJS_24_X],
      license: 'Apache-2.0',
    })
    new CfnOutput(this, 'KernelsLayer', { description: 'Native kernels', value: layer.layerVersionArn })
    return layer
  }

  /** Names of what the training stack makes, which knows this one's role and not the other way round. */
  private trainingEnvironment({ stage, architecture, training }: Config): Record<string, string> {
    const arn = (service: string, resource: string, resourceName: string, parts: Partial<ArnComponents> = {}): string =>
      this.formatArn({ service, resource, resourceName, ...parts })
    return {
      MAAS_WORKFLOW: arn('states', 'stateMachine', workflowName(stage), { arnFormat: ArnFormat.COLON_RESOURCE_NAME }),
      MAAS_TRANSFORM_QUEUE: transformName(stage),
      MAAS_TRANSFORM_JOB: transformName(stage),
      MAAS_JOB_ROLE: arn('iam', 'role', jobRoleName(stage), { region: '' }),
      MAAS_ARCHITECTURE: architecture,
      MAAS_MAX_JOB_HOURS: String(training.maxHours),
    }
  }

  private predictRole({ config, storage }: ServiceProps) {
    const role = functionRole(this, 'PredictRole', {
      stage: config.stage,
      description: 'Reads models, keeps asynchronous predictions',
    })
    const own = ['predictions/*']
    const images = 'uploads/images/*'
    allowStore(role, storage, {
      read: ['models/*', 'blobs/*', images, ...own],
      write: [images, ...own],
      delete: own,
    })
    this.later.allow(role)
    allowCounting(role, storage)
    return role
  }

  private authorizerRole({ config, storage }: ServiceProps) {
    const role = functionRole(this, 'AuthorizerRole', { stage: config.stage, description: 'Looks up API keys' })
    allowLookup(role, storage)
    return role
  }

  private keysRole({ config, storage }: ServiceProps) {
    const role = functionRole(this, 'KeysRole', { stage: config.stage, description: 'Makes and revokes API keys' })
    allowManaging(role, storage)
    return role
  }
}
