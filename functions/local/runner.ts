/** Jobs on one machine: a bounded queue of child processes, which a restart of the service finds again in the store. */
import { type JobFact, type JobRecord, type JobSettings, jobKeys } from '@maas/core/contract'
import { MaasError, messageOf, NotFoundError } from '@maas/core/errors'
import { endOf, type JobRunner, type Jobs, lastAttempt, runIdOf } from '@maas/core/jobs'
import type { Registry } from '@maas/core/registry'
import type { ObjectStore } from '@maas/core/store'
import { finishJob } from '@maas/events'
import PQueue from 'p-queue'
import { admitTo } from './admission.ts'
import { isRunning, type JobProcess, type JobProcessOptions } from './job-process.ts'

export interface LocalRunnerOptions {
  /** Folder of the object store. */
  readonly root: string
  readonly store: ObjectStore
  readonly registry: Registry
  readonly jobs: Jobs
  readonly settings: JobSettings
  /** Jobs at once; each takes all cores. */
  readonly concurrency: number
  /** Jobs that may wait. */
  readonly queued: number
  readonly launch: (options: JobProcessOptions) => Promise<JobProcess>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Ends early when the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Receives what a person should know: a job that nobody could take on. */
  readonly notice: (text: string) => void
}

export interface LocalRunner extends JobRunner {
  /** Takes on again what an earlier service left unfinished. */
  recover(): Promise<void>
  /** Ends running jobs by a checkpoint; the next service goes on with them. */
  close(): Promise<void>
}

/** A process that was told to end has written its checkpoint long before. */
const LEFT_BEHIND_MS = 150_000
/** A job that needs longer for its checkpoint notices that the service is gone, and takes its time. */
const CLOSE_MS = 30_000

export const createLocalRunner = (options: LocalRunnerOptions): LocalRunner => {
  const { root, store, registry, jobs, settings, clock, notice } = options
  const queue = new PQueue({ concurrency: options.concurrency })
  /** By name: undefined while a job waits or starts. */
  const taken = new Map<string, JobProcess | undefined>()
  const begun = new Set<string>()
  let closing = false

  const now = () => new Date(clock()).toISOString()
  const end = (name: string, outcome: 'Failed' | 'Stopped', reason?: string): Promise<boolean> =>
    jobs.add(name, { kind: 'end', at: now(), outcome, ...(reason !== undefined && { reason }) })

  /** A service that was killed leaves its job's process behind, which ends by itself; two must never train one job. */
  const outlive = async ({ facts }: JobRecord): Promise<void> => {
    const pid = Number(/^pid-(\d+)$/.exec(runIdOf(facts) ?? '')?.[1] ?? 0)
    const since = clock()
    while (pid > 0 && isRunning(pid)) {
      if (clock() - since > LEFT_BEHIND_MS)
        throw new MaasError(
          'training',
          `process ${pid} of the attempt before does not end; end it, then create the job under another name`,
        )
      await options.sleep(200)
    }
  }

  const reasonOf = async (name: string, ended: number | string): Promise<string> => {
    try {
      return new TextDecoder().decode((await store.get(jobKeys(name).failure)).body)
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
      return `the job's process ended with ${typeof ended === 'number' ? `code ${ended}` : ended}`
    }
  }

  const isStopped = ({ facts }: JobRecord): boolean => facts.some(({ kind }) => kind === 'stop')

  const run = async (name: string): Promise<void> => {
    const record = await jobs.record(name)
    if (closing || endOf(record) !== undefined) return
    if (isStopped(record)) return void (await end(name, 'Stopped'))
    begun.add(name)
    await outlive(record)
    const attempt = lastAttempt(record.facts) + 1
    const child = await options.launch({ job: name, attempt, root, storeUri: settings.storeUri })
    taken.set(name, child)
    const fact: JobFact = { kind: 'state', at: now(), attempt, id: `pid-${child.pid}`, state: 'RUNNING' }
    await jobs.add(name, fact)
    // Asked between the look at the record and the start.
    if (closing || isStopped(await jobs.record(name))) child.stop()
    const ended = await child.ended
    if (ended === 0) return void (await finishJob(name, { store, registry, jobs, clock }))
    if (isStopped(await jobs.record(name))) return void (await end(name, 'Stopped'))
    if (!closing) await end(name, 'Failed', await reasonOf(name, ended))
  }

  const take = (name: string): void => {
    if (taken.has(name)) return
    taken.set(name, undefined)
    void queue
      .add(() => run(name))
      .catch(async (error: unknown) => {
        notice(`training job ${name}: ${messageOf(error)}`)
        await end(name, 'Failed', messageOf(error)).catch((cause: unknown) =>
          notice(`training job ${name}: ${messageOf(cause)}`),
        )
      })
      .finally(() => {
        taken.delete(name)
        begun.delete(name)
      })
  }

  return {
    admit: admitTo(queue, options.queued, 'jobs'),
    start: async ({ TrainingJobName }) => take(TrainingJobName),
    stop: async ({ name }) => {
      // One that waits ends now and not when its turn comes; one that is being started sees the stop in its record.
      if (begun.has(name)) taken.get(name)?.stop()
      else await end(name, 'Stopped')
    },
    recover: async () => {
      const open: string[] = []
      for await (const name of jobs.names()) {
        const record = await jobs
          .record(name)
          .catch((error: unknown) => notice(`training job ${name}: ${messageOf(error)}`))
        if (record !== undefined && endOf(record) === undefined) open.push(name)
      }
      for (const name of open.toReversed()) take(name)
    },
    close: async () => {
      closing = true
      queue.clear()
      for (const child of taken.values()) child?.stop()
      // A timer that is left would keep the process for as long as it was to wait at most.
      const idle = new AbortController()
      await Promise.race([queue.onIdle(), options.sleep(CLOSE_MS, idle.signal)])
      idle.abort()
    },
  }
}
