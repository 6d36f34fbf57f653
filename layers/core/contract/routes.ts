/** Every route of the service as data: what the apps mount, and what OpenAPI, API Gateway and the SDK are made from. */
import { z } from 'zod'
import * as control from './control.ts'
import { evaluationSchema, historySchema } from './evaluation.ts'
import type { Dialect } from './http.ts'
import { importRoutes } from './import-routes.ts'
import { importIdSchema } from './imports.ts'
import { inferenceRoutes } from './inference-routes.ts'
import * as jobs from './job-record.ts'
import { createJobSchema } from './job-request.ts'
import { aliasSchema, jobNameSchema, modelNameSchema, versionSchema } from './names.ts'
import { predictionIdSchema, predictionRequestSchema, predictionSchema } from './predictions.ts'
import * as serving from './serving.ts'
import { uploadIdSchema } from './uploads.ts'
import { aliasRecordSchema, manifestSchema } from './version.ts'

export type PredictionOperation = 'createPrediction' | 'getPrediction' | 'cancelPrediction'
export type InferenceOperation =
  | 'inferenceServer'
  | 'inferenceLive'
  | 'inferenceReady'
  | 'inferenceModel'
  | 'inferenceModelReady'
  | 'infer'
  | 'inferenceStatistics'
  | 'repositoryIndex'
export type PredictOperation =
  | 'health'
  | 'modelStatus'
  | 'modelMetadata'
  | 'predict'
  | 'classify'
  | 'regress'
  | 'shadowReport'
  | InferenceOperation
export type JobOperation =
  | 'createTrainingJob'
  | 'listTrainingJobs'
  | 'describeTrainingJob'
  | 'stopTrainingJob'
  | 'readTrainingJobLogs'
  | 'readTrainingJobEvents'
  | 'sagemaker'
export type ApiOperation =
  | JobOperation
  | 'listModels'
  | 'getModel'
  | 'listVersions'
  | 'getVersion'
  | 'deleteVersion'
  | 'getEvaluation'
  | 'getReport'
  | 'getHistory'
  | 'listAliases'
  | 'getAlias'
  | 'moveAlias'
  | 'deleteAlias'
  | 'listKeys'
  | 'createKey'
  | 'revokeKey'
  | 'openApi'
  | 'docs'
  | 'playground'
  | 'playgroundAsset'
export type ImportOperation =
  | 'createUpload'
  | 'getUpload'
  | 'signParts'
  | 'completeUpload'
  | 'deleteUpload'
  | 'createImport'
  | 'listImports'
  | 'getImport'
  | 'completeImport'
  | 'deleteImport'
  | 'getConversion'
  | 'getConversionReport'
  | 'getCertificate'
  | 'verifyVersion'
/** What only a service on one machine answers; on AWS the platform does. */
export type LocalOperation = 'metrics'
export type Operation =
  | LocalOperation
  | PredictOperation
  | PredictionOperation
  | ApiOperation
  | ImportOperation
  | 'invokeEndpoint'

/** Body bytes by content type; JSON bodies have a schema, all others are opaque. */
export type Contents = Readonly<Record<string, z.ZodType | 'binary'>>

export interface Route {
  readonly operation: Operation
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** OpenAPI form: `{name}` is one of `pathParameters`. */
  readonly path: string
  /** The function that answers. */
  readonly owner: 'predict' | 'api'
  /** What a key must allow; `none` is open to anybody. */
  readonly right: 'data' | 'control' | 'none'
  readonly dialect: Dialect
  readonly summary: string
  /** Only on one machine: it is about one process. @default everywhere */
  readonly only?: 'local'
  /** Parameters after the `?`. */
  readonly query?: z.ZodObject
  readonly request?: Contents
  readonly response: { readonly status: number; readonly contents: Contents }
  readonly examples?: { readonly request?: unknown; readonly response?: unknown }
  /** Sent piece by piece on AWS: for answers that grow over Lambda's 6 MB, or come over minutes. */
  readonly streamed?: true
}

export const pathParameters = {
  model: modelNameSchema,
  version: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'a version is a whole number from 1')
    .transform(Number)
    .pipe(versionSchema),
  /** An alias, or `latest`. */
  label: z.union([z.literal('latest'), aliasSchema]),
  alias: aliasSchema,
  id: predictionIdSchema,
  upload: uploadIdSchema,
  import: importIdSchema,
  job: jobNameSchema,
  /** `name`, `name@alias` or `name:version`. */
  endpoint: z.string().max(128),
  /** A file of the playground. */
  asset: z.string().regex(/^[a-z0-9-]{1,64}\.(js|css|svg)$/, 'an asset is a file name that ends in .js, .css or .svg'),
  /** The first characters of a key's SHA-256. */
  key: z.string().regex(/^[0-9a-f]{8,64}$/, 'a key is named by 8 to 64 hexadecimal digits of its hash'),
  /** Where the Open Inference Protocol has a version: a number, an alias, or `latest`. */
  release: z.union([
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .pipe(versionSchema),
    z.literal('latest'),
    aliasSchema,
  ]),
} as const
export type PathParameters = { readonly [K in keyof typeof pathParameters]?: z.output<(typeof pathParameters)[K]> }

const images: Contents = {
  ...{ 'image/jpeg': 'binary', 'image/png': 'binary', 'image/webp': 'binary' },
  /** One image for each part that is a file, in order. */
  'multipart/form-data': 'binary',
}
const json = (schema: z.ZodType, status = 200) => ({ status, contents: { 'application/json': schema } })

/** A data-plane operation answers for the highest version, for a given one, and for the one an alias means. */
const addressed = (
  suffix: string,
  route: Pick<Route, 'operation' | 'method' | 'summary' | 'request' | 'response' | 'examples'>,
): Route[] =>
  ['', '/versions/{version}', '/labels/{label}'].map((address) => ({
    ...route,
    path: `/v1/models/{model}${address}${suffix}`,
    owner: 'predict',
    right: 'data',
    dialect: 'serving',
  }))

const managed = (route: Omit<Route, 'owner' | 'right' | 'dialect'>): Route => ({
  ...route,
  owner: 'api',
  right: 'control',
  dialect: 'control',
})

/** Predictions as resources. */
const deferred = (
  list: readonly (Omit<Route, 'owner' | 'right' | 'dialect' | 'operation'> & { operation: PredictionOperation })[],
): Route[] => list.map((route) => ({ ...route, owner: 'predict', right: 'data', dialect: 'control' }))

const page = { status: 200, contents: { 'text/html': 'binary' } } as const

/** What anybody may read: pages and documents without a secret in them. */
const open = (route: Omit<Route, 'method' | 'owner' | 'right' | 'dialect'>): Route => ({
  ...route,
  method: 'GET',
  owner: 'api',
  right: 'none',
  dialect: 'control',
})

export const routes: readonly Route[] = [
  {
    operation: 'health',
    method: 'GET',
    path: '/healthz',
    owner: 'predict',
    right: 'none',
    dialect: 'serving',
    summary: 'Whether the service is up, and which versions it holds in memory.',
    response: json(serving.healthSchema),
    examples: { response: { status: 'ok', loaded: ['cifar10:3'] } },
  },
  ...addressed('', {
    operation: 'modelStatus',
    method: 'GET',
    summary: 'The versions that can be asked, as TensorFlow Serving reports them.',
    response: json(serving.modelStatusSchema),
    examples: {
      response: {
        model_version_status: [{ version: '3', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
      },
    },
  }),
  ...addressed('/metadata', {
    operation: 'modelMetadata',
    method: 'GET',
    summary: 'Names, dtypes and shapes of inputs and outputs.',
    response: json(serving.modelMetadataSchema),
  }),
  ...addressed(':predict', {
    operation: 'predict',
    method: 'POST',
    summary: 'Runs the model on tensors, table rows, base64 images, or one image as the raw body.',
    request: { 'application/json': serving.predictRequestSchema, ...images },
    response: json(serving.predictResponseSchema),
    examples: {
      request: {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      response: {
        predictions: [
          [0.1, 0.9],
          [0.7, 0.3],
        ],
      },
    },
  }),
  ...addressed(':classify', {
    operation: 'classify',
    method: 'POST',
    summary: 'Labels and scores, best first; of feature objects, or of one image as the raw body.',
    request: { 'application/json': serving.classifyRequestSchema, ...images },
    response: json(serving.classifyResponseSchema),
    examples: {
      request: { examples: [{ x: [1, 2] }] },
      response: {
        results: [
          [
            ['cat', 0.93],
            ['dog', 0.07],
          ],
        ],
      },
    },
  }),
  ...deferred([
    {
      operation: 'createPrediction',
      method: 'POST',
      path: '/predictions',
      summary: 'Asks for a prediction that is answered later; `Prefer: wait=n` waits up to n seconds for it.',
      request: { 'application/json': predictionRequestSchema },
      response: json(predictionSchema, 202),
      examples: {
        request: { operation: 'predict', model: 'cifar10@production', input: { instances: [[1, 2]] } },
      },
    },
    {
      operation: 'getPrediction',
      method: 'GET',
      path: '/predictions/{id}',
      summary: 'How a prediction that was asked for stands, and its output when it is there.',
      response: json(predictionSchema),
    },
    {
      operation: 'cancelPrediction',
      method: 'POST',
      path: '/predictions/{id}/cancel',
      summary: 'Cancels a prediction that is not over yet.',
      response: json(predictionSchema),
    },
  ]),
  ...addressed(':regress', {
    operation: 'regress',
    method: 'POST',
    summary: 'One number for each example: feature objects, or one image as the raw body.',
    request: { 'application/json': serving.classifyRequestSchema, ...images },
    response: json(serving.regressResponseSchema),
    examples: { request: { examples: [{ x: [1, 2] }] }, response: { results: [0.5] } },
  }),
  ...inferenceRoutes,
  {
    operation: 'shadowReport',
    method: 'GET',
    path: '/models/{model}/aliases/{alias}/shadow',
    owner: 'predict',
    right: 'control',
    dialect: 'control',
    summary: "How an alias's shadow compares on the requests of this process: agreement, differences, time.",
    response: json(control.shadowReportSchema),
  },
  managed({
    operation: 'listModels',
    method: 'GET',
    path: '/models',
    summary: 'All models with their versions and aliases.',
    response: json(control.modelListSchema),
    examples: {
      response: {
        models: [{ name: 'cifar10', versions: [1, 2], aliases: { production: [{ version: 2, weight: 100 }] } }],
      },
    },
  }),
  managed({
    operation: 'getModel',
    method: 'GET',
    path: '/models/{model}',
    summary: 'One model with its versions and aliases.',
    response: json(control.modelSummarySchema),
  }),
  managed({
    operation: 'listVersions',
    method: 'GET',
    path: '/models/{model}/versions',
    summary: 'Manifests of all versions, newest first.',
    response: json(control.versionListSchema),
  }),
  managed({
    operation: 'getVersion',
    method: 'GET',
    path: '/models/{model}/versions/{version}',
    summary: 'The manifest: files and their hashes, metrics, lineage.',
    response: json(manifestSchema),
  }),
  managed({
    operation: 'deleteVersion',
    method: 'DELETE',
    path: '/models/{model}/versions/{version}',
    summary: 'Deletes a version that no alias points at.',
    response: { status: 204, contents: {} },
  }),
  managed({
    operation: 'getEvaluation',
    method: 'GET',
    path: '/models/{model}/versions/{version}/evaluation',
    summary: 'What evaluation measured.',
    response: json(evaluationSchema),
  }),
  managed({
    operation: 'getReport',
    method: 'GET',
    path: '/models/{model}/versions/{version}/report',
    summary: 'The evaluation as a self-contained page.',
    response: page,
    streamed: true,
  }),
  managed({
    operation: 'getHistory',
    method: 'GET',
    path: '/models/{model}/versions/{version}/history',
    summary: 'Metrics of each epoch of its training, and what the run had to say.',
    response: json(historySchema),
  }),
  managed({
    operation: 'listAliases',
    method: 'GET',
    path: '/models/{model}/aliases',
    summary: 'All aliases with their history.',
    response: json(control.aliasListSchema),
  }),
  managed({
    operation: 'getAlias',
    method: 'GET',
    path: '/models/{model}/aliases/{alias}',
    summary: 'One alias with its history; its ETag is the generation.',
    response: json(aliasRecordSchema),
  }),
  managed({
    operation: 'moveAlias',
    method: 'PUT',
    path: '/models/{model}/aliases/{alias}',
    summary: 'Creates or moves an alias; `If-Match: "generation"` makes it fail when somebody else moved it first.',
    request: { 'application/json': control.aliasMoveSchema },
    response: json(aliasRecordSchema),
    examples: { request: { version: 2, reason: 'better on the test set' } },
  }),
  managed({
    operation: 'deleteAlias',
    method: 'DELETE',
    path: '/models/{model}/aliases/{alias}',
    summary: 'Deletes an alias; the versions it pointed at stay.',
    response: { status: 204, contents: {} },
  }),
  managed({
    operation: 'listKeys',
    method: 'GET',
    path: '/keys',
    summary: 'All keys with their rights, limits and what they used this month; never the keys themselves.',
    response: json(control.keyListSchema),
  }),
  managed({
    operation: 'createKey',
    method: 'POST',
    path: '/keys',
    summary: 'Makes a key; the answer is the only time it is shown.',
    request: { 'application/json': control.newKeySchema },
    response: json(control.createdKeySchema, 201),
    examples: { request: { name: 'web-shop', rights: ['data'], models: ['cifar10'], quota: 100_000 } },
  }),
  managed({
    operation: 'revokeKey',
    method: 'DELETE',
    path: '/keys/{key}',
    summary: 'Ends a key for good.',
    response: { status: 204, contents: {} },
  }),
  {
    ...managed({
      operation: 'metrics',
      method: 'GET',
      path: '/metrics',
      summary: 'Requests, latency, errors and throttles as OpenMetrics. On one machine; on AWS they are in CloudWatch.',
      response: { status: 200, contents: { 'application/openmetrics-text': 'binary' } },
    }),
    only: 'local',
  },
  managed({
    operation: 'createTrainingJob',
    method: 'POST',
    path: '/training-jobs',
    summary:
      "Starts a training job: CreateTrainingJob's fields. The same document again answers 200 with the same job.",
    request: { 'application/json': createJobSchema },
    response: json(jobs.jobDescriptionSchema, 201),
    examples: {
      request: {
        TrainingJobName: 'cifar10-1',
        HyperParameters: {
          maas_preset: 'cifar10-cnn',
          epochs: '10',
          maas_model_name: 'cifar10',
          maas_alias: 'production',
        },
        InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 'datasets/cifar10.zip' } } }],
      },
    },
  }),
  managed({
    operation: 'listTrainingJobs',
    method: 'GET',
    path: '/training-jobs',
    summary: 'Training jobs, newest first; `NextToken` of one page asks for the next.',
    query: jobs.jobQuerySchema,
    response: json(jobs.jobListSchema),
  }),
  managed({
    operation: 'describeTrainingJob',
    method: 'GET',
    path: '/training-jobs/{job}',
    summary: 'One job: its document, its course, what it cost, and the version it became.',
    response: json(jobs.jobDescriptionSchema),
  }),
  managed({
    operation: 'stopTrainingJob',
    method: 'POST',
    path: '/training-jobs/{job}/stop',
    summary: 'Asks a job to write a checkpoint and end.',
    response: json(jobs.jobDescriptionSchema, 202),
  }),
  managed({
    operation: 'readTrainingJobLogs',
    method: 'GET',
    path: '/training-jobs/{job}/logs',
    summary: 'What the container printed, line by line.',
    query: jobs.jobLogQuerySchema,
    response: json(jobs.jobLogSchema),
  }),
  managed({
    operation: 'readTrainingJobEvents',
    method: 'GET',
    path: '/training-jobs/{job}/events',
    summary: 'Steps, epochs and notices of the training; with `Accept: text/event-stream` as they come.',
    query: jobs.jobLogQuerySchema,
    response: { status: 200, contents: { 'application/json': jobs.jobEventsSchema, 'text/event-stream': 'binary' } },
    streamed: true,
  }),
  {
    operation: 'sagemaker',
    method: 'POST',
    path: '/sagemaker',
    owner: 'api',
    right: 'control',
    dialect: 'sagemaker',
    summary:
      "SageMaker's wire form for unmodified clients (`endpoint_url=…/sagemaker`): CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs, StopTrainingJob in `X-Amz-Target`; the key is the session token.",
    request: { 'application/x-amz-json-1.1': 'binary' },
    response: json(z.record(z.string(), z.unknown())),
  },
  {
    operation: 'invokeEndpoint',
    method: 'POST',
    path: '/endpoints/{endpoint}/invocations',
    owner: 'predict',
    right: 'data',
    dialect: 'sagemakerRuntime',
    summary:
      "SageMaker's InvokeEndpoint for unmodified clients: the endpoint is `name`, `name@alias` or `name:version`, or `name` with an alias or version as TargetVariant; the key is the session token.",
    request: { 'application/json': serving.predictRequestSchema, ...images },
    response: json(serving.predictResponseSchema),
    examples: { request: { instances: [[1, 2]] }, response: { predictions: [[0.1, 0.9]] } },
  },
  open({
    operation: 'openApi',
    path: '/openapi.json',
    summary: 'This contract as OpenAPI 3.1.',
    response: json(z.record(z.string(), z.unknown())),
  }),
  open({
    operation: 'docs',
    path: '/docs',
    summary: 'This contract as a page to read.',
    response: page,
  }),
  open({
    operation: 'playground',
    path: '/',
    summary: 'A page to look at models, try them, move aliases and watch training jobs.',
    response: page,
  }),
  open({
    operation: 'playgroundAsset',
    path: '/playground/{asset}',
    summary: 'Script, style and icon of that page.',
    response: {
      status: 200,
      contents: { 'text/javascript': 'binary', 'text/css': 'binary', 'image/svg+xml': 'binary' },
    },
  }),
  ...importRoutes,
]

/** What a deployment has. */
export const deployedRoutes = routes.filter(({ only }) => only !== 'local')

/** Matches a URL's path against a route's; one group per parameter, named like it. */
export const pathPattern = (path: string): RegExp => new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/:]+)')}$`)

/** A route's path with the parameters filled in and escaped. */
export const fillPath = (path: string, values: Readonly<Record<string, string | number>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
