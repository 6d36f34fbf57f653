/** `maas jobs`: training jobs of a service, listed, shown, stopped, and their logs and events. */
import { Command, Option } from 'commander'
import { Maas } from '../../client.ts'
import { formatNumber, formatSeconds } from '../format.ts'
import { interruptible } from '../interrupt.ts'
import { apiKeyOption, integer, jsonOption, urlOption } from '../options.ts'
import type { Output } from '../output.ts'
import { followTraining } from '../progress.ts'
import { UsageError } from '../usage.ts'

export interface RemoteOptions {
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

const serviceOf = ({ url, apiKey }: RemoteOptions): Maas => {
  if (url === undefined)
    throw new UsageError('--url', 'say which service runs the jobs: --url, MAAS_URL, or npx maas login')
  return new Maas({ url, apiKey })
}

const time = (text: string | undefined): string => text?.slice(0, 19).replace('T', ' ') ?? '-'

const list = async ({ status, contains, limit, ...remote }: ListOptions, output: Output): Promise<void> => {
  const { jobs } = serviceOf(remote)
  const found: Awaited<ReturnType<typeof jobs.list>>['TrainingJobSummaries'] = []
  let NextToken: string | undefined
  do {
    const MaxResults = Math.min(100, limit - found.length)
    const page = await jobs.list({ StatusEquals: status, NameContains: contains, MaxResults, NextToken })
    found.push(...page.TrainingJobSummaries)
    NextToken = page.NextToken
  } while (NextToken !== undefined && found.length < limit)
  output.data({ jobs: found })
  if (found.length === 0)
    return output.line('No such training jobs. Start one: npx maas train --remote --data FILE --name NAME')
  output.table(
    ['job', 'status', 'now', 'created', 'ended'],
    found.map((job) => [
      ...[job.TrainingJobName, job.TrainingJobStatus, job.SecondaryStatus],
      ...[time(job.CreationTime), time(job.TrainingEndTime)],
    ]),
  )
}

type Description = Awaited<ReturnType<Maas['jobs']['get']>>

/** How a job ended, in a line or two; shared with `maas train --remote`. */
export const printEnd = (job: Description, output: Output): void => {
  const { Output: became, Price } = job
  if (became !== undefined) {
    output.line(
      `\nRegistered ${became.model}:${became.version}${became.alias ? `, ${became.model}@${became.alias} points at it` : ''}`,
    )
    if (!became.passed) output.line(`The alias stays where it was: ${became.gate}.`)
  }
  const metrics = (job.FinalMetricDataList ?? []).map(({ MetricName, Value }) => `${MetricName} ${formatNumber(Value)}`)
  if (metrics.length > 0) output.line(`  ${metrics.join('  ')}`)
  if (Price !== undefined) output.line(`  at most ${Price.Amount.toFixed(4)} USD (${Price.Basis})`)
  if (job.FailureReason !== undefined) output.line(`\nFailed: ${job.FailureReason}`)
}

const show = async (name: string, options: RemoteOptions, output: Output): Promise<void> => {
  const job = await serviceOf(options).jobs.get(name)
  output.data(job)
  output.line(`${job.TrainingJobName}: ${job.TrainingJobStatus}`)
  output.line(
    `  ${Object.entries(job.HyperParameters)
      .map(([key, value]) => `${key}=${value}`)
      .join('  ')}`,
  )
  const channels = job.InputDataConfig.map(
    ({ ChannelName, DataSource }) => `${ChannelName} ${DataSource.S3DataSource.S3Uri}`,
  )
  output.line(`  ${channels.join('  ')}\n`)
  output.table(
    ['since', 'status', 'for', 'remark'],
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
  output.line(
    `${name} is ${job.TrainingJobStatus === 'Stopped' ? 'stopped' : 'stopping: it writes a checkpoint first'}.`,
  )
}

const logs = async (name: string, { follow, after, ...remote }: LogOptions, output: Output): Promise<void> => {
  const { jobs } = serviceOf(remote)
  const print = (line: { readonly id: string; readonly text: string }): void => {
    output.data(line)
    output.line(line.text)
  }
  if (follow) {
    await interruptible(
      async (signal) => {
        for await (const line of jobs.followLogs(name, { after, signal })) print(line)
      },
      () => {},
    )
    return
  }
  for (let from = after; ; ) {
    const { lines, next } = await jobs.logs(name, { after: from, limit: 1000 })
    for (const line of lines) print(line)
    if (lines.length < 1000) return
    from = next
  }
}

/** Draws a job's events until it is over, and returns how it ended; undefined when the first Ctrl-C leaves it alone. */
export const followJob = async (
  name: string,
  { jobs }: Maas,
  output: Output,
  after?: string,
): Promise<Description | undefined> => {
  const draw = followTraining(output)
  const leave = () => output.note(`The job goes on. Come back with: npx maas jobs events ${name}`)
  return interruptible(async (signal) => {
    for await (const { id, attempt, data } of jobs.follow(name, { after, signal })) {
      draw(data)
      output.data({ id, attempt, ...data })
    }
    return signal.aborted ? undefined : jobs.get(name)
  }, leave)
}

const events = async (name: string, { after, ...remote }: LogOptions, output: Output): Promise<void> => {
  const job = await followJob(name, serviceOf(remote), output, after)
  if (job === undefined) return
  output.data({ event: 'done', job })
  printEnd(job, output)
  if (job.TrainingJobStatus === 'Failed') output.markFailed()
}

const statuses = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped']

const withRemote = (command: Command): Command =>
  command.addOption(urlOption()).addOption(apiKeyOption()).addOption(jsonOption()).exitOverride()

const afterOption = (): Option => new Option('--after <id>', 'leave out everything up to this id')

export const jobsCommand = (output: Output): Command =>
  new Command('jobs')
    .description('training jobs of a service: list, show, stop, logs, events')
    .addCommand(
      withRemote(new Command('list').description('jobs, newest first'))
        .addOption(new Option('--status <status>', 'only these').choices(statuses))
        .option('--contains <text>', 'only names with this in them')
        .option('--limit <n>', 'at most so many', integer(1, 1000), 20)
        .action((options: ListOptions) => list(options, output)),
    )
    .addCommand(
      withRemote(
        new Command('show').description('one job: its course, its metrics, what it cost').argument('<job>'),
      ).action((name: string, options: RemoteOptions) => show(name, options, output)),
    )
    .addCommand(
      withRemote(new Command('stop').description('write a checkpoint, then end').argument('<job>')).action(
        (name: string, options: RemoteOptions) => stop(name, options, output),
      ),
    )
    .addCommand(
      withRemote(new Command('logs').description('what the container printed').argument('<job>'))
        .option('--follow', 'go on until the job is over')
        .addOption(afterOption())
        .action((name: string, options: LogOptions) => logs(name, options, output)),
    )
    .addCommand(
      withRemote(new Command('events').description('follow the training until it is over').argument('<job>'))
        .addOption(afterOption())
        .action((name: string, options: LogOptions) => events(name, options, output)),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas jobs list --url http://127.0.0.1:8501 --status Failed
  $ npx maas jobs show cifar10-20260101-120000-ab12
  $ npx maas jobs events cifar10-20260101-120000-ab12
  $ npx maas jobs logs cifar10-20260101-120000-ab12 --follow`,
    )
