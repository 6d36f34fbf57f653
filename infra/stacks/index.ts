/** All stacks of a deployment, in the order in which they depend on each other. */
import { App, type AppProps, Tags } from 'aws-cdk-lib'
import type { Artifacts } from '../artifacts.ts'
import type { Config } from '../config.ts'
import { ObservabilityStack } from './observability.ts'
import { ServiceStack } from './service.ts'
import { StorageStack } from './storage.ts'
import { TrainingStack } from './training.ts'

/** How this CDK behaves where it changed its mind over time; fixed here, so that every way to synthesize does the same. */
const flags = {
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/aws-apigateway:disableCloudWatchRole': true,
  '@aws-cdk/aws-lambda:recognizeLayerVersion': true,
  '@aws-cdk/core:enablePartitionLiterals': true,
  // What is staged in dist/ is made to be shipped: copying it again would take a minute.
  'aws:cdk:disable-asset-staging': true,
}

/** Without the CDK's own check of templates, a third of a synthesis: `npm test` runs it, with others. */
export const createApp = (props: AppProps = {}): App =>
  new App({ builtinCloudFormationValidation: false, ...props, context: { ...flags, ...props.context } })

export const createStacks = (app: App, config: Config, artifacts: Artifacts) => {
  const name = (part: string): string => `maas-${config.stage}-${part}`
  const storage = new StorageStack(app, name('storage'), { config, terminationProtection: true })
  const service = new ServiceStack(app, name('service'), { config, artifacts, storage })
  const training = new TrainingStack(app, name('training'), { config, artifacts, storage })
  const observability = new ObservabilityStack(app, name('observability'), { config, service, training })
  Tags.of(app).add('maas', config.stage)
  return { storage, service, training, observability }
}
