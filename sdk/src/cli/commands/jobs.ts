/** `maas jobs`: training jobs of a service, listed, shown, stopped, and their logs and events. */
import { jobStatuses } from '@maas/core/contract'
import { type Command, Option } from 'commander'
import { Maas } from '../../client.ts'
import { AbortedError, MaasError } from '../../errors.ts'
import { formatNumber, formatSeconds } from '../format.ts'
import { interruptible } from '../interrupt.ts'
import { CliCommand, integer } from '../options.ts'
import type { Output } from '../output.ts'
import { followTraining } from '../progress.ts'
import { UsageError } from '../usage.ts'

interface RemoteOptions {
  readonly url?: string
  readonly apiKey?: string
}

interface ListOptions extends RemoteOptions {
  readonly status?: string
  readonly contains?: string
  readonly limit: number
}

interface LogOptions extends RemoteOptions {
  readonly follow?: boolean
  readonly after?: string
}

type Jobs = Maas['jobs']
type Description = Awaited<ReturnType<Jobs['get']>>

const serviceOf = ({ url, apiKey }: RemoteOptions): Maas => {
  if (url === undefined) {
    throw new UsageError('--url', 'say which service runs the jobs: --url, MAAS_URL, or npx maas login')
  }
  return new Maas({ url, apiKey })
}

const time = (text: string | undefined): string => text?.slice(0, 19).replace('T', ' ') ?? '-'

const list = async ({ status, contains, limit, ...remote }: ListOptions, output: Output): Promise<void> => {
  const { jobs } = serviceOf(remote)
  const found: Awaited<ReturnType<Jobs['list']>>['TrainingJobSummaries'] = []
  let NextToken: string | undefined
  do {
    const MaxResults = Math.min(100, limit - found.length)
    const page = await jobs.list({ StatusEquals: status, NameContains: contains, MaxResults, NextToken })
    found.push(...page.TrainingJobSummaries)
    NextToken = page.NextToken
  } while (NextToken !== undefined && found.length < limit)
  output.data({ jobs: found, more: NextToken !== undefined })
  if (found.length === 0) {
    return output.line('No such training jobs. Start one: npx maas train --remote --data FILE --name NAME')
  }
  output.table(
    ['job', 'status', 'now', 'created (UTC)', 'ended'],
    found.map((job) => [
      ...[job.TrainingJobName, job.TrainingJobStatus, job.SecondaryStatus],
      ...[time(job.CreationTime), time(job.TrainingEndTime)],
    ]),
  )
  if (NextToken !== undefined) output.line(`There are more than ${limit}: see --limit, --status and --contains.`)
}

/** How a job ended, in a few lines; also for `maas train --remote`. */
export const printEnd = (job: Description, output: Output): void => {
  const { Output: became, Price, FailureReason, FinalMetricDataList = [] } = job
  if (became !== undefined) {
    const { model, version, alias, gate, passed } = became
    output.line(`\nRegistered ${model}:${version}${alias ? `, ${model}@${alias} points at it` : ''}`)
    if (!passed) output.line(`The alias stays where it was: ${gate}.`)
  }
  const metrics = FinalMetricDataList.map(({ MetricName, Value }) => `${MetricName} ${formatNumber(Value)}`)
  if (metrics.length > 0) output.line(`  ${metrics.join('  ')}`)
  if (Price !== undefined) output.line(`  at most ${Price.Amount.toFixed(4)} USD (${Price.Basis})`)
  if (FailureReason !== undefined) output.line(`\nFailed: ${FailureReason}`)
  if (job.TrainingJobStatus === 'Stopped') output.line('\nStopped on request: nothing was registered.')
}

const show = async (name: string, options: RemoteOptions, output: Output): Promise<void> => {
  const job = await serviceOf(options).jobs.get(name)
  output.data(job)
  output.line(`${job.TrainingJobName}: ${job.TrainingJobStatus}`)
  const settings = Object.entries(job.HyperParameters).map(([key, value]) => `${key}=${value}`)
  output.line(`  ${settings.join('  ')}`)
  for (const { ChannelName, DataSource } of job.InputDataConfig) {
    output.line(`  ${ChannelName}: ${DataSource.S3DataSource.S3Uri}`)
  }
  output.line()
  output.table(
    ['since (UTC)', 'status', 'for', 'remark'],
    job.SecondaryStatusTransitions.map(({ Status, StartTime, EndTime, StatusMessage = '' }) => [
      ...[time(StartTime), Status],
      EndTime === undefined ? '-' : formatSeconds((Date.parse(EndTime) - Date.parse(StartTime)) / 1000),
      StatusMessage,
    ]),
  )
  printEnd(job, output)
}

const stop = async (name: string, options: RemoteOptions, output: Output): Promise<void> => {
  const job = await serviceOf(options).jobs.stop(name)
  output.data(job)
  const isOver = job.TrainingJobStatus === 'Stopped'
  output.line(`${name} is ${isOver ? 'stopped' : 'stopping: it writes a checkpoint first'}.`)
}

/** Until the job is over, or Ctrl-C leaves it alone: then undefined, and the exit code says that the end was not seen. */
const followed = async <T>(
  name: string,
  output: Output,
  comeBack: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> => {
  const leave = (): void => {
    output.markFailed()
    output.data({ event: 'left', job: name })
    output.note(`The job goes on. Come back with: ${comeBack}; end it with: npx maas jobs stop ${name}`)
  }
  try {
    return await interruptible(work, () => {})
  } catch (error) {
    // A refusal is about the question; anything else says nothing about the job.
    if (error instanceof MaasError && (error.status ?? 500) >= 429) leave()
    if (error instanceof AbortedError) return undefined
    throw error
  }
}

const logs = async (name: string, { follow, after, ...remote }: LogOptions, output: Output): Promise<void> => {
  const { jobs } = serviceOf(remote)
  const print = async (lines: AsyncIterable<{ readonly id: string; readonly text: string }>): Promise<void> => {
    for await (const line of lines) {
      output.data(line)
      output.line(line.text)
    }
  }
  if (!follow) return print(jobs.allLogs(name, { after }))
  const comeBack = `npx maas jobs logs ${name} --follow`
  await followed(name, output, comeBack, (signal) => print(jobs.followLogs(name, { after, signal })))
}

/** Between two questions what a job is doing, while its training says nothing. */
const LOOK_MS = 5000

/** Shows a job until it is over, and returns how it ended; undefined when Ctrl-C left it alone. */
export const followJob = (
  name: string,
  { jobs }: Maas,
  output: Output,
  after?: string,
): Promise<Description | undefined> => {
  const view = followTraining(output)
  let [status, looked] = ['', Number.NEGATIVE_INFINITY]
  const look = async (signal: AbortSignal): Promise<void> => {
    if (performance.now() - looked < LOOK_MS) return
    looked = performance.now()
    const { SecondaryStatus, SecondaryStatusTransitions } = await jobs.get(name, { signal })
    if (SecondaryStatus === status) return
    status = SecondaryStatus
    const { StatusMessage = '' } = SecondaryStatusTransitions.at(-1) ?? {}
    view.clear()
    output.data({ event: 'status', status, message: StatusMessage })
    output.line(`status ${status}${StatusMessage === '' ? '' : `: ${StatusMessage}`}`)
  }
  return followed(name, output, `npx maas jobs events ${name}`, async (signal) => {
    try {
      for await (const { id, attempt, data } of jobs.follow(name, { after, signal, onQuiet: () => look(signal) })) {
        view.show(data)
        output.data({ id, attempt, ...data })
      }
      const job = await jobs.get(name, { signal })
      output.data({ event: 'done', job })
      return job
    } finally {
      view.clear()
    }
  })
}

const events = async (name: string, { after, ...remote }: LogOptions, output: Output): Promise<void> => {
  const job = await followJob(name, serviceOf(remote), output, after)
  if (job === undefined) return
  printEnd(job, output)
  if (job.TrainingJobStatus === 'Failed') output.markFailed()
}

const subcommand = (name: string, description: string): Command =>
  new CliCommand(name).description(description).addServiceOptions().exitOverride()

const afterOption = (): Option => new Option('--after <id>', 'leave out everything up to this id')

export const jobsCommand = (output: Output): Command =>
  new CliCommand('jobs')
    .description('training jobs of a service: list, show, stop, logs, events')
    .addCommand(
      subcommand('list', 'jobs, newest first')
        .addOption(new Option('--status <status>', 'only these').choices(jobStatuses))
        .option('--contains <text>', 'only names with this in them')
        .option('--limit <n>', 'at most so many', integer(1, 1000), 20)
        .action((options: ListOptions) => list(options, output)),
    )
    .addCommand(
      subcommand('show', 'one job: its course, its metrics, what it cost')
        .argument('<job>')
        .action((name: string, options: RemoteOptions) => show(name, options, output)),
    )
    .addCommand(
      subcommand('stop', 'write a checkpoint, then end')
        .argument('<job>')
        .action((name: string, options: RemoteOptions) => stop(name, options, output)),
    )
    .addCommand(
      subcommand('logs', 'what the container printed')
        .argument('<job>')
        .option('--follow', 'go on until the job is over')
        .addOption(afterOption())
        .action((name: string, options: LogOptions) => logs(name, options, output)),
    )
    .addCommand(
      subcommand('events', 'follow the training until it is over')
        .argument('<job>')
        .addOption(afterOption())
        .action((name: string, options: LogOptions) => events(name, options, output)),
    )
    .addHelpText(
      'after',
      `
Each takes --url, --api-key and --json. Ctrl-C leaves a job running; the exit code is 1 then, and when the job has failed.

Examples:
  $ npx maas jobs list --url http://127.0.0.1:8501 --status Failed
  $ npx maas jobs show cifar10-20260101-120000-ab12
  $ npx maas jobs events cifar10-20260101-120000-ab12
  $ npx maas jobs logs cifar10-20260101-120000-ab12 --follow`,
    )
