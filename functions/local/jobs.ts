/** Training jobs on one machine: the container's own entrypoint as a child process, then gate, register and alias move. */
import { type ChildProcess, spawn } from 'node:child_process'
import { access, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import {
  checked,
  type Report,
  type TrainingEvent,
  type TrainingJob,
  trainingEventSchema,
  trainingJobSchema,
} from '@maas/core/contract'
import { MaasError, NotFoundError, TrainingError } from '@maas/core/errors'
import type { Registry } from '@maas/core/registry'
import { type Registered, readCandidate, registerCandidate } from '@maas/events'
import { layoutOf, type PrepareOptions, prepareJob } from '@maas/train'
import { jobPrograms } from './job-programs.ts'

/** A job's document, and the folder that stands for the container's /opt/ml. */
export interface JobFolder {
  readonly document: TrainingJob
  /** Absolute path. */
  readonly directory: string
}

/** Folders of jobs inside `root`, by name. */
const jobsDirectory = (root: string): string => resolve(root, 'jobs')

/** Checks the document and lays out the job's folder. */
export const prepareJobFolder = async (
  document: unknown,
  root: string,
  options: PrepareOptions = {},
): Promise<JobFolder> => {
  const job = checked(trainingJobSchema, document, 'job')
  const directory = join(jobsDirectory(root), job.TrainingJobName)
  await prepareJob(job, directory, options)
  return { document: job, directory }
}

/** A job that was prepared before; NotFoundError lists the latest ones. */
export const openJobFolder = async (name: string, root: string): Promise<JobFolder> => {
  const jobs = await readdir(jobsDirectory(root)).catch((): string[] => [])
  if (!jobs.includes(name)) {
    const latest = jobs.sort().slice(-5).join(', ') || 'none yet'
    throw new NotFoundError(`There is no job "${name}" in ${jobsDirectory(root)}; the latest are: ${latest}.`)
  }
  const directory = join(jobsDirectory(root), name)
  const document: unknown = JSON.parse(await readFile(layoutOf(directory).job, 'utf8'))
  return { document: checked(trainingJobSchema, document, 'job'), directory }
}

export interface JobRun {
  /** Absolute path of the folder that stands for the container's /opt/ml. */
  readonly directory: string
  readonly report: Report
  /** Asks the job to write a checkpoint and end. */
  readonly signal?: AbortSignal
}

export type JobEnd = Extract<TrainingEvent, { event: 'end' }>

/** The job wrote a checkpoint and ended because it was asked to. */
export class JobStoppedError extends MaasError {
  constructor(message: string) {
    super('canceled', message)
  }
}

/** The last words of a child that failed: its own failure file first, else the end of its standard error. */
const failureReason = async (directory: string, stderr: string, code: number | null, signal: string | null) => {
  const written = await readFile(layoutOf(directory).failure, 'utf8').catch(() => '')
  if (written.trim()) return written.trim()
  const last = stderr.trim().split('\n').slice(-3).join('\n')
  return `the training process ended with ${signal ?? `code ${code}`}${last ? `: ${last}` : ''}`
}

const forward = (line: string, report: Report): TrainingEvent | undefined => {
  const parsed = trainingEventSchema.safeParse(line.startsWith('{') ? JSON.parse(line) : undefined)
  if (!parsed.success) return undefined
  report(parsed.data)
  return parsed.data
}

const ended = (child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })

/**
 * Runs the prepared job in `directory` to its end.
 * The child has its own process group, so that Ctrl-C reaches this process alone and ends the child by its checkpoint;
 * over the IPC channel it notices when this process dies.
 * Throws TrainingError with the job's own reason, JobStoppedError when it was stopped.
 */
export const runJob = async ({ directory, report, signal }: JobRun): Promise<JobEnd> => {
  const { execArgv, entries } = await jobPrograms(['main'], (message) =>
    report({ event: 'notice', level: 'info', code: 'from_source', message }),
  )
  const child = spawn(process.execPath, [...execArgv, entries.main, 'train'], {
    env: { ...process.env, SAGEMAKER_BASE_DIR: directory },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const stop = (): void => void child.kill('SIGTERM')
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    // Only the last words are ever shown.
    stderr = (stderr + chunk.toString()).slice(-8000)
  })
  let end: JobEnd | undefined
  const lines = createInterface({ input: child.stdout as Readable })
  lines.on('line', (line) => {
    const event = forward(line, report)
    if (event?.event === 'end') end = event
  })
  const exit = await ended(child)
  signal?.removeEventListener('abort', stop)
  if (end?.reason === 'stopped') throw new JobStoppedError('The job was stopped; its checkpoint is kept.')
  if (exit.code !== 0 || end === undefined) {
    throw new TrainingError(await failureReason(directory, stderr, exit.code, exit.signal))
  }
  return end
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Whether the job has finished training. */
export const hasCandidate = (directory: string): Promise<boolean> => exists(layoutOf(directory).model)

/** Whether the job left something to go on with: a checkpoint, or all but the registration. */
export const canResume = async (directory: string): Promise<boolean> =>
  (await hasCandidate(directory)) || (await readdir(layoutOf(directory).checkpoints).catch(() => [])).length > 0

/** Registers what a finished job left, by the job document's own `maas_` hyperparameters. */
export const registerJob = async (
  directory: string,
  job: TrainingJob,
  registry: Registry,
  by: string,
): Promise<Registered> => {
  const { maas_model_name: model, maas_alias: alias, maas_gate: gate } = job.HyperParameters
  const folder = layoutOf(directory).model
  return registerCandidate(
    {
      model: model ?? job.TrainingJobName.toLowerCase(),
      job: job.TrainingJobName,
      candidate: await readCandidate(job.TrainingJobName, await readdir(folder), (name) =>
        readFile(join(folder, name)),
      ),
      by,
      ...(alias === undefined ? {} : { alias }),
      ...(gate === undefined ? {} : { gate }),
    },
    registry,
  )
}
