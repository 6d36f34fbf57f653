/** DescribeTrainingJob from a job's document and its facts. Pure: the same facts, in whatever order they came, give the same answer. */
import {
  failureCharacters,
  instanceTypes,
  type JobDescription,
  type JobFact,
  type JobRecord,
  type JobStatus,
  type JobSummary,
  type TrainingJob,
} from '../contract/index.ts'
import { jobPrice, type Prices } from './price.ts'
import { byTime, endOf, mergeFacts } from './record.ts'

export interface DescribeOptions {
  /** How documents name the store. */
  readonly storeUri: string
  /** What a job's container costs. @default nobody is billed */
  readonly prices?: Prices | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

type Transition = JobDescription['SecondaryStatusTransitions'][number]
interface Step {
  readonly at: string
  readonly status: string
  readonly message?: string | undefined
}

const statusOfFact = (fact: JobFact): Omit<Step, 'at'> | undefined => {
  if (fact.kind === 'phase') {
    const message = fact.attempt > 1 ? `attempt ${fact.attempt}` : undefined
    return { status: fact.phase, message }
  }
  if (fact.kind === 'stop') return { status: 'Stopping', message: 'a checkpoint is written, then the job ends' }
  if (fact.kind === 'end') return undefined
  switch (fact.state) {
    case 'STARTING':
      return { status: 'Starting' }
    case 'RUNNING':
    case 'FAILED':
      return undefined
    case 'SUCCEEDED':
      return { status: 'Uploading', message: 'the version is being registered' }
    default:
      return fact.attempt > 1
        ? { status: 'Restarting', message: `attempt ${fact.attempt}` }
        : { status: 'Pending', message: fact.reason }
  }
}

/** What happened until the end; after a stop was asked for, only the end counts. */
const stepsOf = (record: JobRecord, facts: readonly JobFact[], end: ReturnType<typeof endOf>): Step[] => {
  const until = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end.at)
  const stop = facts.find(({ kind }) => kind === 'stop')
  const from = stop === undefined ? Number.POSITIVE_INFINITY : Date.parse(stop.at)
  const steps: Step[] = [{ at: record.createdAt, status: 'Pending' }]
  for (const fact of facts) {
    const time = Date.parse(fact.at)
    const status = statusOfFact(fact)
    if (status === undefined || time > until || (time >= from && fact !== stop)) continue
    steps.push({ at: fact.at, ...status })
  }
  if (end !== undefined) steps.push({ at: end.at, status: end.outcome, message: end.reason?.slice(0, 500) })
  return steps
}

const transitionsOf = (steps: readonly Step[]): Transition[] => {
  const changes = steps.filter(({ status }, index) => status !== steps[index - 1]?.status)
  return changes.map(({ at, status, message }, index) => {
    const end = changes[index + 1]?.at
    return {
      Status: status,
      StartTime: at,
      ...(end !== undefined && { EndTime: end }),
      ...(message !== undefined && message !== '' && { StatusMessage: message }),
    }
  })
}

interface Span {
  readonly from: number
  readonly to: number
}

/** Of each attempt, from the first fact that `begins` it to its interruption, the next attempt, the end, or now. */
const spansOf = (facts: readonly JobFact[], begins: (fact: JobFact) => boolean, until: number): Span[] => {
  const of = (number: number) => facts.filter((fact) => 'attempt' in fact && fact.attempt === number)
  const numbers = [...new Set(facts.flatMap((fact) => ('attempt' in fact ? [fact.attempt] : [])))]
  return numbers
    .toSorted((a, b) => a - b)
    .flatMap((number, index, all) => {
      const own = of(number)
      const first = own.find(begins)
      if (first === undefined) return []
      const next = of(all[index + 1] ?? -1)[0]
      const cut = own.find((fact) => fact.kind === 'phase' && fact.phase === 'Interrupted')
      const ends = [next, cut].flatMap((fact) => (fact === undefined ? [] : [Date.parse(fact.at)]))
      return [{ from: Date.parse(first.at), to: Math.min(until, ...ends) }]
    })
}

const secondsOf = (spans: readonly Span[]): number =>
  Math.round(spans.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0) / 1000)

const statusOf = (facts: readonly JobFact[], end: ReturnType<typeof endOf>): JobStatus =>
  end?.outcome ?? (facts.some(({ kind }) => kind === 'stop') ? 'Stopping' : 'InProgress')

const arnOf = ({ RoleArn = '' }: TrainingJob, name: string, region: string): string =>
  `arn:aws:sagemaker:${region}:${RoleArn.split(':')[4] || '000000000000'}:training-job/${name.toLowerCase()}`

const isContainer = (fact: JobFact): boolean =>
  fact.kind === 'phase' || (fact.kind === 'state' && (fact.state === 'STARTING' || fact.state === 'RUNNING'))

/** `facts`: those of the record, and what the container reported. */
export const describeJob = (
  document: TrainingJob,
  record: JobRecord,
  reported: readonly JobFact[],
  { storeUri, prices, now }: DescribeOptions,
): JobDescription => {
  const facts = mergeFacts([...record.facts, ...reported]).toSorted(byTime)
  const end = endOf({ facts })
  const steps = stepsOf(record, facts, end)
  const last = steps.at(-1) ?? { at: record.createdAt, status: 'Pending' }
  const until = end === undefined ? now : Date.parse(end.at)
  const training = spansOf(facts, ({ kind }) => kind === 'phase', until)
  const billed = spansOf(facts, isContainer, until)
  const started = facts.find((fact) => fact.kind === 'phase' && fact.phase === 'Training')
  const completed = end?.outcome === 'Completed'
  const metrics = Object.entries(end?.metrics ?? {})
  const price =
    prices &&
    jobPrice(
      billed.map(({ from, to }) => (to - from) / 1000),
      instanceTypes[document.ResourceConfig.InstanceType],
      prices,
    )
  return {
    ...document,
    TrainingJobName: record.name,
    TrainingJobArn: arnOf(document, record.name, prices?.region ?? 'local'),
    TrainingJobStatus: statusOf(facts, end),
    SecondaryStatus: last.status,
    CreationTime: record.createdAt,
    LastModifiedTime: last.at,
    SecondaryStatusTransitions: transitionsOf(steps),
    ...(started && { TrainingStartTime: started.at }),
    ...(end && { TrainingEndTime: end.at }),
    ...(end?.outcome === 'Failed' && {
      FailureReason: (end.reason || 'the job ended without saying why; its log may').slice(0, failureCharacters),
    }),
    ...(completed && { ModelArtifacts: { S3ModelArtifacts: `${storeUri}/jobs/${record.name}/candidate/` } }),
    ...(metrics.length > 0 && {
      FinalMetricDataList: metrics.map(([MetricName, Value]) => ({ MetricName, Value, Timestamp: end?.at ?? last.at })),
    }),
    ...(training.length > 0 && { TrainingTimeInSeconds: secondsOf(training) }),
    ...(billed.length > 0 && { BillableTimeInSeconds: secondsOf(billed) }),
    ...(price && billed.length > 0 && { Price: price }),
    ...(end?.output && { Output: end.output }),
  }
}

export const summaryOf = (job: JobDescription): JobSummary => ({
  TrainingJobName: job.TrainingJobName,
  TrainingJobArn: job.TrainingJobArn,
  CreationTime: job.CreationTime,
  LastModifiedTime: job.LastModifiedTime,
  ...(job.TrainingEndTime !== undefined && { TrainingEndTime: job.TrainingEndTime }),
  TrainingJobStatus: job.TrainingJobStatus,
  SecondaryStatus: job.SecondaryStatus,
})
