/** CreateTrainingJob as a stranger may send it: what would run foreign code, read foreign data or borrow a role is refused by its name. */
import * as z from 'zod'
import { MaasError } from '../errors.ts'
import { channelSchema, hyperParametersSchema, type TrainingJob, trainingJobSchema } from './job.ts'
import { dataPrefixes } from './job-keys.ts'
import { checked } from './names.ts'
import { shown } from './show.ts'

/** What the deployment itself decides about jobs. */
export interface JobSettings {
  /** How documents name the store: `s3://bucket`. */
  readonly storeUri: string
  /** The only role that jobs run with. */
  readonly roleArn: string
  /** Names of the only image that jobs run; the first is the one that is shown. */
  readonly images: readonly [string, ...string[]]
  /** Longest that a job may run; what it runs when it does not say. @default 28 days, and one */
  readonly maxSeconds?: number
}

/** Where jobs on one machine say their data lies, in place of a bucket. */
export const localJobSettings: JobSettings = {
  storeUri: 's3://maas-local',
  roleArn: 'arn:aws:iam::000000000000:role/maas-local',
  images: ['maas-train'],
}

/** Fields of CreateTrainingJob that exist at SageMaker and never do anything here; path to reason. */
const refusals: Readonly<Record<string, string>> = {
  Environment: 'it would change how the container runs; settings are HyperParameters',
  'AlgorithmSpecification.AlgorithmName': "jobs run this service's own image",
  'AlgorithmSpecification.ContainerEntrypoint': "it would run foreign code; jobs run this service's own program",
  'AlgorithmSpecification.ContainerArguments': "it would run foreign code; jobs run this service's own program",
  'AlgorithmSpecification.TrainingImageConfig': "jobs run this service's own image",
  'AlgorithmSpecification.MetricDefinitions': 'metrics are read from the events that the container logs',
  VpcConfig: "jobs run in the deployment's own network",
  RetryStrategy: 'attempts taken away by Spot are repeated, three times at most, and nothing else is',
  'OutputDataConfig.KmsKeyId': "everything is encrypted with the deployment's own key",
  'ResourceConfig.VolumeKmsKeyId': "everything is encrypted with the deployment's own key",
}

const valueAt = (body: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | null | undefined)?.[key], body)

const refuse = (param: string, got: unknown, why: string): never => {
  throw new MaasError('forbidden', `${param}: got ${shown(got)}; ${why}`, { param })
}

const uri = z.string().min(1).max(1024)

/** Strict, so that a field nobody acts on is never taken in silence. */
export const createJobSchema = trainingJobSchema
  .extend({
    HyperParameters: z
      .record(z.string().max(256), z.string().max(2500))
      .refine((values) => Object.keys(values).length <= 100, 'at most 100 hyperparameters')
      .default({}),
    InputDataConfig: z
      .array(
        channelSchema
          .extend({
            DataSource: z.strictObject({ S3DataSource: channelSchema.shape.DataSource.shape.S3DataSource.strict() }),
            CompressionType: z.literal('None').optional(),
            RecordWrapperType: z.literal('None').optional(),
          })
          .strict(),
      )
      .min(1)
      .max(20),
    OutputDataConfig: z.strictObject({ S3OutputPath: uri }).optional(),
    CheckpointConfig: z.strictObject({ S3Uri: uri, LocalPath: z.literal('/opt/ml/checkpoints').optional() }).optional(),
    AlgorithmSpecification: z
      .strictObject({
        TrainingImage: z.string().max(255).optional(),
        TrainingInputMode: z.literal('File').default('File'),
        EnableSageMakerMetricsTimeSeries: z.boolean().optional(),
      })
      .optional(),
    EnableNetworkIsolation: z.literal(false).optional(),
    EnableInterContainerTrafficEncryption: z.boolean().optional(),
    Tags: z
      .array(z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().max(256) }))
      .max(50)
      .optional(),
  })
  .strict()

/** `s3://bucket/key`, or the bare key; undefined for what lies outside `prefixes`. */
export const storeKeyOf = (address: string, storeUri: string, prefixes: readonly string[]): string | undefined => {
  const key = address.startsWith(`${storeUri}/`) ? address.slice(storeUri.length + 1) : address
  const inside = prefixes.some((prefix) => key.startsWith(prefix))
  return inside && !key.split('/').includes('..') ? key : undefined
}

const allowedUris = ({ storeUri }: JobSettings, prefixes: readonly string[]): string =>
  prefixes.map((prefix) => `${storeUri}/${prefix}`).join(' and ')

/** Full address of something inside the store; MaasError `forbidden` names the field. */
const inStore = (address: string, settings: JobSettings, prefixes: readonly string[], param: string): string => {
  const key = storeKeyOf(address, settings.storeUri, prefixes)
  if (key !== undefined) return `${settings.storeUri}/${key}`
  return refuse(param, address, `allowed is what lies below ${allowedUris(settings, prefixes)}`)
}

/** The job document that a request means; InvalidInputError and `forbidden` name the field at fault. */
export const readCreateJob = (body: unknown, settings: JobSettings): TrainingJob => {
  for (const [param, why] of Object.entries(refusals)) {
    const got = valueAt(body, param)
    if (got !== undefined) refuse(param, got, `it is not taken: ${why}`)
  }
  const request = checked(createJobSchema, body, 'body')
  const {
    RoleArn = settings.roleArn,
    AlgorithmSpecification,
    InputDataConfig,
    CheckpointConfig,
    StoppingCondition,
  } = request
  if (RoleArn !== settings.roleArn)
    refuse('RoleArn', RoleArn, `jobs run with ${settings.roleArn}; leave it out, or give that`)
  const image = AlgorithmSpecification?.TrainingImage ?? settings.images[0]
  if (!settings.images.includes(image))
    refuse('AlgorithmSpecification.TrainingImage', image, `jobs run ${settings.images[0]}; leave it out, or give that`)
  checked(hyperParametersSchema, request.HyperParameters, 'HyperParameters')
  const names = InputDataConfig.map(({ ChannelName }) => ChannelName)
  checked(
    z.array(z.string()).refine((all) => all.includes('train') && new Set(all).size === all.length, {
      message: `the channels are ${names.join(', ')}; allowed is one train, and at most one validation and test`,
    }),
    names,
    'InputDataConfig',
  )
  const { maxSeconds = 2_419_200 } = settings
  const asked = valueAt(body, 'StoppingCondition.MaxRuntimeInSeconds') !== undefined
  const runtime = StoppingCondition.MaxRuntimeInSeconds
  const MaxRuntimeInSeconds = asked ? runtime : Math.min(runtime, maxSeconds)
  checked(
    z.number().max(maxSeconds, `jobs here run at most ${maxSeconds} seconds`),
    MaxRuntimeInSeconds,
    'StoppingCondition.MaxRuntimeInSeconds',
  )
  const wait = StoppingCondition.MaxWaitTimeInSeconds
  checked(
    z.number().min(MaxRuntimeInSeconds, 'it is not shorter than MaxRuntimeInSeconds').optional(),
    wait,
    'StoppingCondition.MaxWaitTimeInSeconds',
  )
  return {
    ...trainingJobSchema.parse({ ...request, OutputDataConfig: outputOf(request.OutputDataConfig, settings) }),
    InputDataConfig: InputDataConfig.map(({ DataSource, ...channel }, index) => {
      const source = DataSource.S3DataSource
      const param = `InputDataConfig.${index}.DataSource.S3DataSource.S3Uri`
      const S3Uri = inStore(source.S3Uri, settings, dataPrefixes, param)
      return channelSchema.parse({ ...channel, DataSource: { S3DataSource: { ...source, S3Uri } } })
    }),
    ...(CheckpointConfig && {
      CheckpointConfig: {
        S3Uri: inStore(CheckpointConfig.S3Uri, settings, ['checkpoints/'], 'CheckpointConfig.S3Uri'),
        LocalPath: '/opt/ml/checkpoints',
      },
    }),
    StoppingCondition: { ...StoppingCondition, MaxRuntimeInSeconds },
    RoleArn,
    AlgorithmSpecification: { TrainingImage: settings.images[0], TrainingInputMode: 'File' },
  }
}

/** Candidates always lie in the job's own folder; clients that must name a place name the folder of all jobs. */
const outputOf = (
  config: { readonly S3OutputPath: string } | undefined,
  settings: JobSettings,
): TrainingJob['OutputDataConfig'] => {
  const path = config?.S3OutputPath ?? `${settings.storeUri}/jobs`
  if (path.replace(/\/$/, '') !== `${settings.storeUri}/jobs`)
    refuse(
      'OutputDataConfig.S3OutputPath',
      path,
      `candidates lie in ${settings.storeUri}/jobs; leave it out, or give that`,
    )
  return { S3OutputPath: `${settings.storeUri}/jobs` }
}
