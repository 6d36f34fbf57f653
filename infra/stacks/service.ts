/** The service itself: kernels layer, functions, and the API in front of them. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import type { Artifacts } from '../artifacts.ts'
import type { Config } from '../config.ts'
import { Api, usageKeysOf } from '../constructs/api.ts'
import { addFirewall } from '../constructs/firewall.ts'
import { createLogGroup, MaasFunction, seconds } from '../constructs/function.ts'
import { functionRole } from '../constructs/role.ts'
import { allowStore } from '../constructs/store.ts'
import type { StorageStack } from './storage.ts'

export interface ServiceProps extends StackProps {
  readonly config: Config
  readonly artifacts: Artifacts
  readonly storage: StorageStack
}

export class ServiceStack extends Stack {
  readonly api: Api
  readonly functions: Readonly<Record<'predict' | 'api' | 'authorizer', MaasFunction>>

  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id, props)
    const { config, artifacts, storage } = props
    this.createKernelsLayer(props)
    const usageKeys = usageKeysOf(this, config.stage)
    const common = { config, key: storage.key }
    const environment = {
      MAAS_STORE: `s3://${storage.models.bucketName}`,
      MAAS_CORS_ORIGINS: config.corsOrigins.join(','),
    }
    this.functions = {
      predict: new MaasFunction(this, 'Predict', {
        ...{ ...common, environment, name: 'predict', description: 'Predictions', role: this.predictRole(props) },
        code: { image: artifacts.images.predict },
        memory: config.memory,
        timeout: seconds(29),
        reservedConcurrency: config.concurrency,
        provisionedConcurrency: config.provisionedConcurrency,
      }),
      api: new MaasFunction(this, 'Api', {
        ...{
          ...common,
          environment,
          name: 'api',
          description: 'Models, versions, aliases',
          role: storage.registryRole,
        },
        code: { zip: artifacts.functions.api },
        memory: 512,
        timeout: seconds(29),
      }),
      authorizer: new MaasFunction(this, 'Authorizer', {
        ...{ ...common, name: 'authorizer', description: 'Who may call what', role: this.authorizerRole(props) },
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
    const { predict, api, authorizer } = this.functions
    this.api = new Api(this, 'Gateway', {
      ...{ config, usageKeys, authorizer: authorizer.live },
      owners: { predict: predict.live, api: api.live },
      logs: createLogGroup(this, 'AccessLogs', { ...common, name: 'access' }),
    })
    if (config.waf) addFirewall(this, this.api.rest)
    new CfnOutput(this, 'Url', { description: 'Of the API', value: this.api.rest.url })
  }

  /** For functions that are not container images, and for others in this account. */
  private createKernelsLayer({ config, artifacts }: ServiceProps): void {
    const layer = new LayerVersion(this, 'Kernels', {
      description: "TensorFlow's native kernels for Node, packed; needs 1 GB of ephemeral storage",
      code: Code.fromAsset(artifacts.layer),
      compatibleArchitectures: [config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64],
      compatibleRuntimes: [Runtime.NODEJS_22_X, Runtime.NODEJS_24_X],
      license: 'Apache-2.0',
    })
    new CfnOutput(this, 'KernelsLayer', { description: 'Native kernels', value: layer.layerVersionArn })
  }

  private predictRole({ config, storage }: ServiceProps) {
    const role = functionRole(this, 'PredictRole', { stage: config.stage, description: 'Reads models' })
    allowStore(role, storage, { read: ['models/*', 'blobs/*'] })
    return role
  }

  private authorizerRole({ config, storage }: ServiceProps) {
    const role = functionRole(this, 'AuthorizerRole', { stage: config.stage, description: 'Looks up API keys' })
    role.addToPolicy(new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [storage.table.tableArn] }))
    role.addToPolicy(new PolicyStatement({ actions: ['kms:Decrypt'], resources: [storage.key.keyArn] }))
    return role
  }
}
