import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JobQuery, jobQuerySchema, trainingJobSchema } from '@maas/core/contract'
import { createJobs, createLogWriter } from '@maas/core/jobs'
import { createFileStore } from '@maas/core/store'
import { describe, expect, it } from 'vitest'

const documentOf = (name: string, epochs = '1') =>
  trainingJobSchema.parse({
    TrainingJobName: name,
    HyperParameters: { epochs },
    InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } }],
    OutputDataConfig: { S3OutputPath: 's3://b/jobs' },
  })

const setup = () => {
  const store = createFileStore(mkdtempSync(join(tmpdir(), 'jobs-')))
  return { store, jobs: createJobs({ store, storeUri: 's3://b', clock: () => Date.now() }) }
}
const query = (values: Record<string, unknown> = {}): JobQuery => jobQuerySchema.parse(values)
const page = { limit: 1000 }

describe('jobs in a store', () => {
  it('are created once, by whoever comes first; another document under the name is refused', async () => {
    const { jobs } = setup()
    const all = await Promise.all(Array.from({ length: 8 }, () => jobs.create(documentOf('a'))))
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(all.map(({ record }) => record.createdAt)).size).toBe(1)
    await expect(jobs.create(documentOf('a', '2'))).rejects.toMatchObject({
      code: 'conflict',
      param: 'TrainingJobName',
    })
    expect((await jobs.list(query())).TrainingJobSummaries).toHaveLength(1)
  })

  it('go on where their creation was cut off', async () => {
    const { store, jobs } = setup()
    await store.put('jobs/a/spec.json', new TextEncoder().encode(JSON.stringify(documentOf('a'))))
    await expect(jobs.describe('a')).rejects.toMatchObject({ code: 'not_found' })
    expect(await jobs.create(documentOf('a'))).toMatchObject({ created: false })
    expect(await jobs.describe('a')).toMatchObject({ TrainingJobStatus: 'InProgress' })
  })

  it('lose no fact when many are added at once', async () => {
    const { jobs } = setup()
    await jobs.create(documentOf('a'))
    const facts = Array.from({ length: 12 }, (_, index) => ({
      kind: 'phase' as const,
      attempt: index + 1,
      phase: 'Training' as const,
      at: new Date(index).toISOString(),
    }))
    await Promise.all(facts.map((fact) => jobs.add('a', fact)))
    expect((await jobs.record('a')).facts).toHaveLength(12)
    expect(await jobs.add('a', ...facts)).toBe(false)
  })

  it('are listed newest first, filtered, and page by page', async () => {
    const { jobs } = setup()
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      await jobs.create(documentOf(name))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await jobs.add('two', { kind: 'end', at: new Date().toISOString(), outcome: 'Failed', reason: 'r' })
    const names = async (values: Record<string, unknown>) => {
      const found: string[] = []
      let NextToken: string | undefined
      do {
        const list = await jobs.list(query({ ...values, ...(NextToken && { NextToken }) }))
        found.push(...list.TrainingJobSummaries.map(({ TrainingJobName }) => TrainingJobName))
        NextToken = list.NextToken
      } while (NextToken !== undefined)
      return found
    }
    for (const MaxResults of [1, 2, 5, 100]) {
      expect(await names({ MaxResults })).toEqual(['five', 'four', 'three', 'two', 'one'])
      expect(await names({ MaxResults, SortOrder: 'Ascending' })).toEqual(['one', 'two', 'three', 'four', 'five'])
    }
    expect(await names({ SortBy: 'Name', SortOrder: 'Ascending', MaxResults: 2 })).toEqual(
      ['one', 'two', 'three', 'four', 'five'].toSorted(),
    )
    expect(await names({ StatusEquals: 'Failed', MaxResults: 1 })).toEqual(['two'])
    expect(await names({ NameContains: 'o', MaxResults: 2 })).toEqual(['four', 'two', 'one'])
    const { CreationTime } = await jobs.describe('three')
    expect(await names({ CreationTimeAfter: CreationTime })).toEqual(['five', 'four'])
  })

  it('have a log that can be read from any line on, and of steps in a row the last', async () => {
    const { store, jobs } = setup()
    await jobs.create(documentOf('a'))
    const step = (n: number) =>
      JSON.stringify({
        event: 'step',
        at: 't',
        epoch: 1,
        epochs: 1,
        step: n,
        steps: 9,
        loss: 1,
        metrics: {},
        imagesPerSecond: 1,
        secondsLeft: 1,
      })
    const first = createLogWriter(store, 'a', 1)
    for (const text of ['plain', step(1), step(2), step(3), 'words']) first.line(text)
    await first.flush()
    first.line('second piece')
    await first.flush()
    const second = createLogWriter(store, 'a', 2)
    second.line(step(4))
    await second.flush()
    const { lines, done } = await jobs.log('a', page)
    expect(lines.map(({ text }) => text)).toEqual(['plain', step(3), 'words', 'second piece', step(4)])
    expect(done).toBe(false)
    for (const [index, { id }] of lines.entries()) {
      expect((await jobs.log('a', { ...page, after: id })).lines).toEqual(lines.slice(index + 1))
    }
    const events = await jobs.events('a', page)
    expect(events.events.map(({ attempt, data }) => [attempt, 'step' in data && data.step])).toEqual([
      [1, 3],
      [2, 4],
    ])
    await jobs.add('a', { kind: 'end', at: new Date().toISOString(), outcome: 'Completed' })
    expect((await jobs.events('a', { ...page, after: events.next ?? '' })).done).toBe(true)
  })

  it('keep lines that the store did not take, and say how many were lost when there are too many', async () => {
    const { store, jobs } = setup()
    await jobs.create(documentOf('a'))
    let broken = true
    const writer = createLogWriter(
      {
        ...store,
        put: (...args: Parameters<typeof store.put>) =>
          broken ? Promise.reject(new Error('503')) : store.put(...args),
      },
      'a',
      1,
    )
    writer.line('kept')
    await expect(writer.flush()).rejects.toThrow('503')
    writer.line('later')
    broken = false
    await writer.flush()
    expect((await jobs.log('a', page)).lines.map(({ text }) => text)).toEqual(['kept', 'later'])
    for (let i = 0; i < 300; i += 1) writer.line('x'.repeat(7000))
    await writer.flush()
    expect((await jobs.log('a', page)).lines[2]?.text).toMatch(/^\(\d+ lines were lost/)
  })
})
