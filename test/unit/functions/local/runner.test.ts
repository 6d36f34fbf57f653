import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localJobSettings as settings, trainingJobSchema } from '@maas/core/contract'
import { createJobs } from '@maas/core/jobs'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { describe, expect, it } from 'vitest'
import { createLocalRunner } from '../../../../functions/local/runner.ts'
import { until } from '../../../e2e/serve/running.ts'

const documentOf = (name: string) =>
  trainingJobSchema.parse({
    TrainingJobName: name,
    InputDataConfig: [
      { ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: `${settings.storeUri}/datasets/x` } } },
    ],
    OutputDataConfig: { S3OutputPath: `${settings.storeUri}/jobs` },
  })

/** Processes that end when the test says so. */
const setup = () => {
  const root = mkdtempSync(join(tmpdir(), 'runner-'))
  const store = createFileStore(root)
  const jobs = createJobs({ store, storeUri: settings.storeUri, clock: () => Date.now() })
  const started: { job: string; attempt: number; stopped: boolean; end: (code: number) => void }[] = []
  const waits: { ms: number; signal: AbortSignal | undefined }[] = []
  const runner = () =>
    createLocalRunner({
      root,
      store,
      jobs,
      settings,
      concurrency: 1,
      queued: 2,
      registry: createRegistry(store),
      clock: () => Date.now(),
      notice: () => {},
      sleep: (ms, signal) => {
        waits.push({ ms, signal })
        return new Promise((resolve) => setTimeout(resolve, ms).unref())
      },
      launch: async ({ job, attempt }) => {
        let end = (_: number): void => {}
        const ended = new Promise<number>((resolve) => {
          end = resolve
        })
        const process = { job, attempt, stopped: false, end }
        started.push(process)
        const stop = (): void => {
          process.stopped = true
          end(143)
        }
        // A process id that nobody has.
        return { pid: 2 ** 22 + started.length, ended, stop }
      },
    })
  const create = async (name: string, target: ReturnType<typeof runner>) => {
    await target.admit()
    await jobs.create(documentOf(name))
    await target.start(documentOf(name))
  }
  const statusOf = async (name: string) => (await jobs.describe(name)).TrainingJobStatus
  const stop = async (name: string, target: ReturnType<typeof runner>) => {
    await jobs.add(name, { kind: 'stop', at: new Date().toISOString() })
    await target.stop(await jobs.record(name))
  }
  return { jobs, store, started, waits, runner, create, statusOf, stop }
}

describe('jobs on one machine', () => {
  it('a service that closes with nothing to wait for leaves no timer behind', async () => {
    const { runner, waits } = setup()
    await runner().close()
    expect(waits.map(({ signal }) => signal?.aborted)).toEqual([true])
  })

  it('run one after the other, and only so many may wait', async () => {
    const { started, runner, create, statusOf } = setup()
    const one = runner()
    for (const name of ['a', 'b', 'c']) await create(name, one)
    await expect(create('d', one)).rejects.toMatchObject({ code: 'over_quota', retryAfter: 60 })
    await until(() => started.length === 1, 2000)
    expect(started.map(({ job }) => job)).toEqual(['a'])
    started[0]?.end(1)
    expect(await until(() => started.length === 2, 2000)).toBe(true)
    expect(await statusOf('a')).toBe('Failed')
    await one.close()
  })

  it('go on with the next service when the first one ends, as another attempt', async () => {
    const { started, runner, create, statusOf } = setup()
    const first = runner()
    for (const name of ['a', 'b']) await create(name, first)
    await until(() => started.length === 1, 2000)
    await first.close()
    expect(started[0]?.stopped).toBe(true)
    expect([await statusOf('a'), await statusOf('b')]).toEqual(['InProgress', 'InProgress'])
    const second = runner()
    await second.recover()
    expect(await until(() => started.length === 2, 2000)).toBe(true)
    expect(started[1]).toMatchObject({ job: 'a', attempt: 2 })
    started[1]?.end(1)
    expect(await until(() => started.length === 3, 2000)).toBe(true)
    expect(started[2]).toMatchObject({ job: 'b', attempt: 1 })
    await second.close()
  })

  it('stop: one that runs by SIGTERM, one that waits at once and without ever starting', async () => {
    const { started, runner, create, statusOf, stop } = setup()
    const one = runner()
    for (const name of ['a', 'b']) await create(name, one)
    await until(() => started.length === 1, 2000)
    await stop('b', one)
    expect(await statusOf('b')).toBe('Stopped')
    await stop('a', one)
    expect(await until(async () => (await statusOf('a')) === 'Stopped', 2000)).toBe(true)
    expect(started.map(({ job }) => job)).toEqual(['a'])
    await one.close()
  })

  it('are failed, not completed, when a process that ended well left no candidate', async () => {
    const { jobs, started, runner, create, statusOf } = setup()
    const one = runner()
    await create('a', one)
    await until(() => started.length === 1, 2000)
    started[0]?.end(0)
    expect(await until(async () => (await statusOf('a')) === 'Failed', 2000)).toBe(true)
    expect((await jobs.describe('a')).FailureReason).toContain('jobs/a/candidate.json')
    await one.close()
  })
})
