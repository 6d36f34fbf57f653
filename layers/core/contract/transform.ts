/** Batch transform: predictions for all of a data set, under CreateTransformJob's field names. */
import * as z from 'zod'
import { MaasError } from '../errors.ts'
import { type InstanceType, instanceTypes } from './job.ts'
import { dataPrefixes } from './job-keys.ts'
import { type JobSettings, storeKeyOf } from './job-request.ts'
import { checked, jobNameSchema, modelNameSchema, parseReference, versionSchema } from './names.ts'
import { shown } from './show.ts'

/** What an input's files hold: an image each, a table with a header each, or a JSON value a line. */
export const transformContentTypes = ['application/x-image', 'text/csv', 'application/jsonlines'] as const
export type TransformContentType = (typeof transformContentTypes)[number]

export const transformFormats = ['application/jsonlines', 'text/csv'] as const
export type TransformFormat = (typeof transformFormats)[number]

export const createTransformSchema = z.strictObject({
  TransformJobName: jobNameSchema,
  /** `name`, `name@alias` or `name:version`; what an alias means is looked up once, when the job is created. */
  ModelName: z.string().min(1).max(200),
  /** SingleRecord runs every input alone, which is slower. */
  BatchStrategy: z.enum(['MultiRecord', 'SingleRecord']).default('MultiRecord'),
  TransformInput: z.strictObject({
    DataSource: z.strictObject({
      S3DataSource: z.strictObject({
        S3DataType: z.literal('S3Prefix').default('S3Prefix'),
        /** An archive, a file, or a prefix, below datasets/ or uploads/. */
        S3Uri: z.string().min(1).max(1024),
      }),
    }),
    /** @default by what is there */
    ContentType: z.enum(transformContentTypes).optional(),
    CompressionType: z.literal('None').optional(),
  }),
  TransformOutput: z
    .strictObject({
      S3OutputPath: z.string().min(1).max(1024).optional(),
      Accept: z.enum(transformFormats).default('application/jsonlines'),
      AssembleWith: z.literal('Line').optional(),
    })
    .prefault({}),
  /** On AWS: so many containers share the work. On one machine all cores do. */
  TransformResources: z
    .strictObject({
      InstanceType: z.enum(Object.keys(instanceTypes) as InstanceType[]).default('ml.m5.large'),
      InstanceCount: z.number().int().min(1).max(100).default(1),
    })
    .prefault({}),
  /** Not SageMaker's: inputs that may fail before the job gives up. @default all of them */
  MaxFailedInputs: z.number().int().min(0).optional(),
})
export type TransformRequest = z.output<typeof createTransformSchema>

/** What a job does, fixed when it is created. */
export const transformSpecSchema = z.object({
  request: createTransformSchema,
  model: z.object({ name: modelNameSchema, version: versionSchema }),
})
export type TransformSpec = z.infer<typeof transformSpecSchema>

const at = z.string().describe('ISO 8601, UTC')

export const transformStatuses = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] as const

export const transformRecordSchema = z.object({
  schema: z.literal(1),
  name: jobNameSchema,
  createdAt: at,
  startedAt: at.optional(),
  /** Since when it is to stop. */
  stopAt: at.optional(),
  /** Of the run at Batch. */
  run: z.string().optional(),
  end: z.object({ at, outcome: z.enum(['Completed', 'Failed', 'Stopped']), reason: z.string().optional() }).optional(),
})
export type TransformRecord = z.infer<typeof transformRecordSchema>

/** How the inputs are cut; written once, before the first part. */
export const transformPlanSchema = z.object({
  schema: z.literal(1),
  contentType: z.enum(transformContentTypes),
  inputs: z.number().int(),
  /** Inputs of every part but the last. */
  partInputs: z.number().int(),
  /** SHA-256 over names, sizes and states of the inputs: a run that goes on sees whether they are still the same. */
  digest: z.string(),
})
export type TransformPlan = z.infer<typeof transformPlanSchema>

/** One line of the output: the input it is about, and the prediction or what was wrong. */
export const transformLineSchema = z.object({
  /** A file's path below the input, with the line behind a colon where a file has many. */
  id: z.string(),
  label: z.string().optional(),
  probability: z.number().optional(),
  prediction: z.unknown().optional(),
  error: z.string().optional(),
})
export type TransformLine = z.infer<typeof transformLineSchema>

const summaryFields = {
  TransformJobName: jobNameSchema,
  TransformJobStatus: z.enum(transformStatuses),
  ModelName: z.string(),
  CreationTime: at,
  TransformEndTime: at.optional(),
  FailureReason: z.string().optional(),
}

export const transformDescriptionSchema = createTransformSchema.extend({
  ...summaryFields,
  TransformStartTime: at.optional(),
  /** Not SageMaker's: the version that answers. */
  ModelVersion: versionSchema,
  /** Not SageMaker's. Absent until the inputs are counted. */
  Progress: z
    .object({
      Inputs: z.number().int(),
      Done: z.number().int(),
      Failed: z.number().int(),
      Parts: z.number().int(),
      PartsDone: z.number().int(),
    })
    .optional(),
  /** Not SageMaker's: the first inputs that failed. */
  Failures: z.array(z.object({ id: z.string(), error: z.string() })),
})
export type TransformDescription = z.infer<typeof transformDescriptionSchema>

export const transformQuerySchema = z.strictObject({
  StatusEquals: z.enum(transformStatuses).optional(),
  NameContains: z.string().max(63).optional(),
  MaxResults: z.coerce.number().int().min(1).max(100).default(10),
  /** Of the page before. */
  NextToken: z.string().max(200).optional(),
})
export type TransformQuery = z.output<typeof transformQuerySchema>

export const transformListSchema = z.object({
  TransformJobSummaries: z.array(z.object(summaryFields)),
  NextToken: z.string().optional(),
})
export type TransformList = z.infer<typeof transformListSchema>

/** Where a transform job's things lie in the object store. */
export const transformKeys = (job: string) => ({
  /** Written once. */
  spec: `transforms/${job}/spec.json`,
  /** Changed by compare-and-swap. */
  record: `transforms/${job}/status.json`,
  /** Written once, by whoever counts the inputs first. */
  plan: `transforms/${job}/plan.json`,
  /** Below it, finished parts: `{number}-{inputs}-{failed}`, lines of JSON. */
  parts: `transforms/${job}/parts/`,
  /** All parts in order, in the format that was asked for. */
  output: (format: TransformFormat) =>
    `transforms/${job}/output/predictions.${format === 'text/csv' ? 'csv' : 'jsonl'}`,
  /** Why a container gave up, in words. */
  failure: `transforms/${job}/failure.txt`,
})

/** Of a job at Batch: no training job's name has an underscore. */
export const transformRunName = (job: string): string => `transform_${job}`

/** The transform job that a run at Batch is of. */
export const transformOfRun = (run: string): string | undefined => /^transform_(.+)$/.exec(run)?.[1]

/** All transform jobs, newest first: no job's name begins with an underscore. */
export const transformIndexPrefix = 'transforms/_index/'

const refuse = (param: string, got: string, why: string): never => {
  throw new MaasError('forbidden', `${param}: got ${shown(got)}; ${why}`, { param })
}

/** The request, checked, its input as a key of the store; InvalidInputError and `forbidden` name the field at fault. */
export const readTransformRequest = (body: unknown, { storeUri }: Pick<JobSettings, 'storeUri'>): TransformRequest => {
  const request = checked(createTransformSchema, body, 'body')
  const { TransformInput, TransformOutput } = request
  parseReference(request.ModelName)
  const { S3Uri, S3DataType } = TransformInput.DataSource.S3DataSource
  const param = 'TransformInput.DataSource.S3DataSource.S3Uri'
  const key = storeKeyOf(S3Uri, storeUri, dataPrefixes)
  if (key === undefined) {
    return refuse(
      param,
      S3Uri,
      `allowed is what lies below ${dataPrefixes.map((prefix) => `${storeUri}/${prefix}`).join(' and ')}`,
    )
  }
  const { S3OutputPath = `${storeUri}/transforms` } = TransformOutput
  if (S3OutputPath.replace(/\/$/, '') !== `${storeUri}/transforms`) {
    return refuse(
      'TransformOutput.S3OutputPath',
      S3OutputPath,
      `predictions lie in ${storeUri}/transforms; leave it out, or give that`,
    )
  }
  return {
    ...request,
    TransformInput: { ...TransformInput, DataSource: { S3DataSource: { S3DataType, S3Uri: `${storeUri}/${key}` } } },
    TransformOutput: { ...TransformOutput, S3OutputPath: `${storeUri}/transforms` },
  }
}
