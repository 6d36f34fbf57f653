import { type JobFact, type JobRecord, type TrainingJob, trainingJobSchema } from '@maas/core/contract'
import { describeJob, endOf, fargatePrices, mergeFacts, withFacts } from '@maas/core/jobs'
import { describe, expect, it } from 'vitest'

const document: TrainingJob = trainingJobSchema.parse({
  TrainingJobName: 'job-1',
  InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } }],
  OutputDataConfig: { S3OutputPath: 's3://b/jobs' },
})
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
const state = (second: number, attempt: number, name: Extract<JobFact, { kind: 'state' }>['state']): JobFact => ({
  kind: 'state',
  at: at(second),
  attempt,
  id: 'batch-1',
  state: name,
})
const phase = (second: number, attempt: number, name: Extract<JobFact, { kind: 'phase' }>['phase']): JobFact => ({
  kind: 'phase',
  at: at(second),
  attempt,
  phase: name,
})
const end = (second: number, outcome: Extract<JobFact, { kind: 'end' }>['outcome'], reason?: string): JobFact => ({
  kind: 'end',
  at: at(second),
  outcome,
  ...(reason !== undefined && { reason }),
})
const record = (...facts: JobFact[]): JobRecord => ({ schema: 1, name: 'job-1', createdAt: at(0), facts })
const view = (facts: readonly JobFact[], prices = true) =>
  describeJob(document, record(...facts), [], {
    storeUri: 's3://b',
    now: Date.parse(at(1000)),
    ...(prices && { prices: fargatePrices('x64', 'eu-west-1') }),
  })

/** Taken away by Spot in its first attempt, done in its second. */
const course: JobFact[] = [
  ...[state(1, 1, 'SUBMITTED'), state(2, 1, 'RUNNABLE'), state(10, 1, 'STARTING'), state(20, 1, 'RUNNING')],
  ...[phase(21, 1, 'Downloading'), phase(30, 1, 'Training'), phase(100, 1, 'Interrupted')],
  ...[state(130, 2, 'RUNNABLE'), state(150, 2, 'STARTING'), phase(160, 2, 'Downloading'), phase(170, 2, 'Training')],
  ...[phase(300, 2, 'Uploading'), state(310, 2, 'SUCCEEDED'), end(320, 'Completed')],
]

/** Deterministic shuffles. */
const shuffled = <T>(list: readonly T[], seed: number): T[] => {
  const copy = [...list]
  let value = seed
  for (let i = copy.length - 1; i > 0; i -= 1) {
    value = (value * 1_103_515_245 + 12_345) % 2_147_483_648
    const j = value % (i + 1)
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

describe('a job', () => {
  it('reads the same whatever the order in which its facts came, and however often', () => {
    const expected = view(course)
    for (let seed = 1; seed <= 50; seed += 1) {
      const facts = shuffled([...course, ...course.slice(0, seed % course.length)], seed)
      const kept = facts.reduce((known, fact) => withFacts(known, [fact]) ?? known, record())
      expect(view(kept.facts)).toEqual(expected)
    }
    expect(view(course.slice(0, -1))).not.toEqual(expected)
  })

  it('passes through the states that SageMaker names, one after the other', () => {
    const { SecondaryStatusTransitions: steps, ...job } = view(course)
    expect(steps.map(({ Status }) => Status)).toEqual([
      ...['Pending', 'Starting', 'Downloading', 'Training', 'Interrupted'],
      ...['Restarting', 'Starting', 'Downloading', 'Training', 'Uploading', 'Completed'],
    ])
    for (const [index, { EndTime }] of steps.entries()) expect(EndTime).toBe(steps[index + 1]?.StartTime)
    expect(job).toMatchObject({
      TrainingJobStatus: 'Completed',
      SecondaryStatus: 'Completed',
      TrainingEndTime: at(320),
    })
    expect(job.ModelArtifacts?.S3ModelArtifacts).toBe('s3://b/jobs/job-1/candidate/')
  })

  it('is billed for its containers, not for its waiting', () => {
    const { TrainingTimeInSeconds, BillableTimeInSeconds, Price } = view(course)
    expect(TrainingTimeInSeconds).toBe(100 - 21 + (320 - 160))
    expect(BillableTimeInSeconds).toBe(100 - 10 + (320 - 150))
    // 260 s of 2 virtual CPUs and 8 GB.
    expect(Price?.Amount).toBeCloseTo((260 / 3600) * (2 * 0.04048 + 8 * 0.004445), 6)
    expect(view(course, false).Price).toBeUndefined()
    expect(view(course.slice(0, 2)).BillableTimeInSeconds).toBeUndefined()
  })

  it('fails with words, and never both fails and completes', () => {
    const failed = view([state(1, 1, 'RUNNING'), state(9, 1, 'FAILED'), end(9, 'Failed', 'x'.repeat(5000))])
    expect(failed).toMatchObject({ TrainingJobStatus: 'Failed' })
    expect(failed.FailureReason).toHaveLength(1024)
    expect(failed.ModelArtifacts).toBeUndefined()
    // The version was registered; the workflow around it timed out afterwards.
    expect(view([...course, end(900, 'Failed', 'States.Timeout')])).toMatchObject({ TrainingJobStatus: 'Completed' })
    expect(view([state(9, 1, 'FAILED')]).FailureReason).toMatch(/without saying why/)
  })

  it('is stopping until it is stopped, and stopped rather than failed when it was asked to', () => {
    const stop: JobFact = { kind: 'stop', at: at(40) }
    const running = [state(1, 1, 'RUNNING'), phase(30, 1, 'Training'), stop]
    expect(view(running)).toMatchObject({ TrainingJobStatus: 'Stopping', SecondaryStatus: 'Stopping' })
    const over = [
      ...running,
      phase(41, 1, 'Interrupted'),
      state(60, 1, 'FAILED'),
      end(60, 'Failed', 'stopped on request'),
    ]
    const job = view(over)
    expect(job).toMatchObject({ TrainingJobStatus: 'Stopped' })
    expect(job.FailureReason).toBeUndefined()
    // Asked after it had failed by itself.
    expect(endOf({ facts: [end(9, 'Failed', 'disk full'), stop] })?.outcome).toBe('Failed')
  })
})

it('of two facts that say the same the earliest is kept', () => {
  expect(
    mergeFacts([
      { kind: 'stop', at: at(5) },
      { kind: 'stop', at: at(3) },
    ]),
  ).toEqual([{ kind: 'stop', at: at(3) }])
})
