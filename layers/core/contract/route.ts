/** What one route is, as data: the operation, its address, its bodies, and what a key must allow. */
import * as z from 'zod'
import type { Dialect } from './http.ts'
import { importIdSchema } from './imports.ts'
import { aliasSchema, jobNameSchema, modelNameSchema, versionSchema } from './names.ts'
import { predictionIdSchema } from './predictions.ts'
import { uploadIdSchema } from './uploads.ts'

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
  | 'uploadImage'
  | InferenceOperation
export type JobOperation =
  | 'createTrainingJob'
  | 'listTrainingJobs'
  | 'describeTrainingJob'
  | 'stopTrainingJob'
  | 'readTrainingJobLogs'
  | 'readTrainingJobEvents'
  | 'sagemaker'
export type TransformOperation =
  | 'createTransformJob'
  | 'listTransformJobs'
  | 'describeTransformJob'
  | 'stopTransformJob'
  | 'readTransformOutput'
export type KeyOperation = 'listKeys' | 'createKey' | 'revokeKey'
export type ApiOperation =
  | JobOperation
  | TransformOperation
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
/** What only the container that serves one model answers. */
export type ContainerOperation = 'ping' | 'invocations'
export type Operation =
  | LocalOperation
  | ContainerOperation
  | PredictOperation
  | PredictionOperation
  | ApiOperation
  | ImportOperation
  | KeyOperation
  | 'invokeEndpoint'

/** Body bytes by content type; JSON bodies have a schema, all others are opaque. */
export type Contents = Readonly<Record<string, z.ZodType | 'binary'>>

export interface Route {
  readonly operation: Operation
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** OpenAPI form: `{name}` is one of `pathParameters`. */
  readonly path: string
  /** The function that answers; keys have one of their own, whose role sees nothing else. */
  readonly owner: 'predict' | 'api' | 'keys'
  /** What a key must allow; `none` is open to anybody. */
  readonly right: 'data' | 'control' | 'none'
  readonly dialect: Dialect
  readonly summary: string
  /** Only on one machine: it is about one process. @default everywhere */
  readonly only?: 'local'
  /** Parameters after the `?`. */
  readonly query?: z.ZodObject
  readonly request?: Contents
  /** Whether it may come without one. @default it may not */
  readonly bodyOptional?: true
  readonly response: { readonly status: number; readonly contents: Contents }
  /** Other answers that are no failures, each with the JSON body of the operation named. */
  readonly also?: readonly { readonly status: number; readonly as: Operation }[]
  /** `headers` are those that the example needs besides the key and the content type. */
  readonly examples?: {
    readonly request?: unknown
    readonly response?: unknown
    readonly headers?: Readonly<Record<string, string>>
  }
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

/** Matches a URL's path against a route's; one group per parameter, named like it. */
export const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/:]+)')}$`)

/** A route's path with the parameters filled in and escaped. */
export const fillPath = (path: string, values: Readonly<Record<string, string | number>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
