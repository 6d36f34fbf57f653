/** What the service knows about a training job: the facts it keeps, and DescribeTrainingJob's and ListTrainingJobs' shapes made from them. */
import * as z from 'zod'
import { trainingEventSchema } from './events.ts'
import { trainingJobSchema } from './job.ts'
import { jobNameSchema } from './names.ts'

export const jobStatuses = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** Batch's states; a job on one machine passes through the same. */
export const runStates = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED'] as const
/** What the container reports; `Interrupted`: it was told to end, by a Spot reclaim or a stop. */
export const jobPhases = ['Downloading', 'Training', 'Uploading', 'Interrupted'] as const
export type JobPhase = (typeof jobPhases)[number]

const at = z.string().describe('ISO 8601, UTC')
const attempt = z.number().int().min(1)

/** What became of a finished job's candidate. */
export const jobOutputSchema = z.object({
  model: z.string(),
  version: z.number().int(),
  alias: z.string().optional(),
  /** What the gate said, in words. */
  gate: z.string(),
  passed: z.boolean(),
})
export type JobOutput = z.infer<typeof jobOutputSchema>

/** Something that happened to a job. Facts may come twice and in any order: what is known is their union. */
export const jobFactSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('state'),
    at,
    attempt,
    id: z.string(),
    state: z.enum(runStates),
    reason: z.string().optional(),
  }),
  z.object({ kind: z.literal('phase'), at, attempt, phase: z.enum(jobPhases) }),
  z.object({ kind: z.literal('stop'), at }),
  z.object({
    kind: z.literal('end'),
    at,
    outcome: z.enum(['Completed', 'Failed', 'Stopped']),
    reason: z.string().optional(),
    output: jobOutputSchema.optional(),
    metrics: z.record(z.string(), z.number()).optional(),
  }),
])
export type JobFact = z.infer<typeof jobFactSchema>

export const jobRecordSchema = z.object({
  schema: z.literal(1),
  name: jobNameSchema,
  createdAt: at,
  facts: z.array(jobFactSchema),
})
export type JobRecord = z.infer<typeof jobRecordSchema>

/** SageMaker shows this many characters of a failure. */
export const failureCharacters = 1024

const summaryFields = {
  TrainingJobName: jobNameSchema,
  TrainingJobArn: z.string(),
  CreationTime: at,
  LastModifiedTime: at,
  TrainingEndTime: at.optional(),
  TrainingJobStatus: z.enum(jobStatuses),
  SecondaryStatus: z.string(),
}

export const jobDescriptionSchema = trainingJobSchema.extend({
  ...summaryFields,
  /** Absent until a finished job's candidate is whole. */
  ModelArtifacts: z.object({ S3ModelArtifacts: z.string() }).optional(),
  SecondaryStatusTransitions: z.array(
    z.object({ Status: z.string(), StartTime: at, EndTime: at.optional(), StatusMessage: z.string().optional() }),
  ),
  FailureReason: z.string().max(failureCharacters).optional(),
  TrainingStartTime: at.optional(),
  FinalMetricDataList: z.array(z.object({ MetricName: z.string(), Value: z.number(), Timestamp: at })).optional(),
  /** From the first word of each attempt to its last. */
  TrainingTimeInSeconds: z.number().int().optional(),
  /** From the start of each attempt's container to its end; Fargate bills at least a minute of each. */
  BillableTimeInSeconds: z.number().int().optional(),
  /** Not SageMaker's: the billable seconds at list price; absent where nobody is billed. */
  Price: z.object({ Currency: z.literal('USD'), Amount: z.number(), Basis: z.string() }).optional(),
  /** Not SageMaker's: the version that the job became. */
  Output: jobOutputSchema.optional(),
})
export type JobDescription = z.infer<typeof jobDescriptionSchema>

export const jobListSchema = z.object({
  TrainingJobSummaries: z.array(z.object(summaryFields)),
  NextToken: z.string().optional(),
})
export type JobList = z.infer<typeof jobListSchema>
export type JobSummary = JobList['TrainingJobSummaries'][number]

/** Milliseconds since 1970; SageMaker's clients send seconds, people send ISO 8601. */
const time = z
  .union([z.number().transform((seconds) => seconds * 1000), z.string().transform((text) => Date.parse(text))])
  .refine((value) => Number.isFinite(value), 'a time, e.g. 2026-01-31T12:00:00Z')

/** ListTrainingJobs' filters, which are also our query parameters. */
export const jobQuerySchema = z.strictObject({
  StatusEquals: z.enum(jobStatuses).optional(),
  NameContains: z.string().max(63).optional(),
  CreationTimeAfter: time.optional(),
  CreationTimeBefore: time.optional(),
  SortBy: z.enum(['CreationTime', 'Name']).default('CreationTime'),
  SortOrder: z.enum(['Ascending', 'Descending']).default('Descending'),
  MaxResults: z.coerce.number().int().min(1).max(100).default(10),
  /** Of the page before. */
  NextToken: z.string().max(200).optional(),
})
export type JobQuery = z.output<typeof jobQuerySchema>

/** A place in a job's log: attempt, piece, line. */
const cursor = z.string().regex(/^\d{4}-\d{6}-\d{6}$/, 'an id from an earlier answer')

export const jobLogQuerySchema = z.strictObject({
  /** Leaves out everything up to this id. */
  after: cursor.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
export type JobLogQuery = z.output<typeof jobLogQuerySchema>

const pageEnd = {
  /** Give it as `after` to go on; there may be nothing new yet. */
  next: cursor.optional(),
  /** Nothing will follow any more. */
  done: z.boolean(),
}
export const jobLogSchema = z.object({ lines: z.array(z.object({ id: cursor, text: z.string() })), ...pageEnd })
export type JobLog = z.infer<typeof jobLogSchema>
export const jobEventsSchema = z.object({
  events: z.array(z.object({ id: cursor, attempt, data: trainingEventSchema })),
  ...pageEnd,
})
export type JobEvents = z.infer<typeof jobEventsSchema>
