import { describe, expect, it } from 'vitest'
import { AbortedError, Maas, NotFoundError } from '../../../sdk/src/index.ts'

const event = (id: string) => ({ id, attempt: 1, data: { event: 'checkpoint', epoch: 1 } })

/** Answers with the pages in turn, the last one again and again; keeps what was asked. */
const service = (...pages: readonly unknown[]) => {
  const asked: string[] = []
  const fetch = async (url: string | URL | globalThis.Request, init: RequestInit = {}) => {
    init.signal?.throwIfAborted()
    asked.push(`${init.method} ${String(url).replace('http://s', '')}`)
    const page = pages[Math.min(asked.length, pages.length) - 1]
    return page instanceof Response ? page.clone() : Response.json(page)
  }
  return { asked, jobs: new Maas({ url: 'http://s', fetch: fetch as typeof globalThis.fetch, maxRetries: 0 }).jobs }
}

const idsOf = async (items: AsyncIterable<{ readonly id: string }>): Promise<string[]> => {
  const ids: string[] = []
  for await (const { id } of items) ids.push(id)
  return ids
}

describe('following a job', () => {
  it('goes on behind what it has seen until the job is over, and says when nothing comes', async () => {
    const { jobs, asked } = service(
      { events: [event('a'), event('b')], next: 'b', done: false },
      { events: [], next: 'b', done: false },
      { events: [event('c')], next: 'c', done: true },
    )
    let quiet = 0
    const onQuiet = async (): Promise<void> => {
      quiet += 1
    }
    expect(await idsOf(jobs.follow('j', { pause: 0, onQuiet }))).toEqual(['a', 'b', 'c'])
    expect(quiet).toBe(1)
    expect(asked).toEqual([
      'GET /training-jobs/j/events?limit=1000',
      'GET /training-jobs/j/events?after=b&limit=1000',
      'GET /training-jobs/j/events?after=b&limit=1000',
    ])
  })

  it('goes on from where it is told', async () => {
    const { jobs, asked } = service({ lines: [], done: true })
    await idsOf(jobs.followLogs('j', { after: 'x' }))
    expect(asked).toEqual(['GET /training-jobs/j/logs?after=x&limit=1000'])
  })

  it('ends with an error when its signal fires while it waits, and with the service’s own when there is no job', async () => {
    const { jobs } = service({ events: [event('a')], next: 'a', done: false })
    const controller = new AbortController()
    const seen: string[] = []
    const watch = async () => {
      for await (const { id } of jobs.follow('j', { pause: 60_000, signal: controller.signal })) seen.push(id)
    }
    setTimeout(() => controller.abort(), 20)
    await expect(watch()).rejects.toBeInstanceOf(AbortedError)
    expect(seen.every((id) => id === 'a')).toBe(true)
    const missing = service(Response.json({ error: { code: 'not_found', message: 'no' } }, { status: 404 }))
    await expect(idsOf(missing.jobs.follow('ghost'))).rejects.toBeInstanceOf(NotFoundError)
  })
})

describe('the log as it is', () => {
  it('is read page by page, and not waited for', async () => {
    const lines = (...ids: string[]) => ids.map((id) => ({ id, text: id }))
    const { jobs, asked } = service(
      { lines: lines('a', 'b'), next: 'b', done: false },
      { lines: lines('c'), next: 'c', done: false },
    )
    expect(await idsOf(jobs.allLogs('j', { limit: 2 }))).toEqual(['a', 'b', 'c'])
    expect(asked).toHaveLength(2)
  })
})

describe('a job document', () => {
  it('is sent as it is, and filters become a query', async () => {
    const { jobs, asked } = service({ TrainingJobSummaries: [] })
    await jobs.list({ StatusEquals: 'Failed', MaxResults: 3, NextToken: undefined })
    await jobs.create({ TrainingJobName: 'j' })
    await jobs.stop('j')
    expect(asked).toEqual([
      'GET /training-jobs?StatusEquals=Failed&MaxResults=3',
      'POST /training-jobs',
      'POST /training-jobs/j/stop',
    ])
    expect(() => jobs.get('..')).toThrow('cannot be part')
  })
})
