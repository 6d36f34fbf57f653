/** Training jobs of a service: started, followed, stopped. */
import type { JobDescription, JobEvents, JobList, JobLog } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import { sleep } from '../remote/retry.ts'
import type { CallOptions } from '../types.ts'

/** ListTrainingJobs' filters. */
export interface JobFilter {
  readonly StatusEquals?: string | undefined
  readonly NameContains?: string | undefined
  readonly SortOrder?: 'Ascending' | 'Descending' | undefined
  /** Jobs on a page, 1-100. @default 10 */
  readonly MaxResults?: number | undefined
  /** Of the page before. */
  readonly NextToken?: string | undefined
}

export interface LogFrom {
  /** Leaves out everything up to this id. */
  readonly after?: string | undefined
  /** Lines looked at, 1-1000. @default 200 for one page, 1000 where pages follow each other */
  readonly limit?: number | undefined
}

export interface FollowOptions extends CallOptions, LogFrom {
  /** Milliseconds between two looks while nothing happens. @default 1 s */
  readonly pause?: number | undefined
  /** Called, and waited for, when a look found nothing new. */
  readonly onQuiet?: (() => Promise<void>) | undefined
}

/** What one look at a log or its events gives. */
interface Page {
  readonly next?: string | undefined
  readonly done: boolean
}

/** The most that one page holds. */
const mostLines = 1000

const search = (values: object): string => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

export class Jobs {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** CreateTrainingJob's fields. The same document again gives the same job, so a call may safely be repeated. */
  create(document: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<JobDescription> {
    const json = JSON.stringify(document)
    return this.#http.json({ method: 'POST', path: '/training-jobs', json, repeatable: 'safe' }, options)
  }

  /** Its document, its course, what it cost, and the version it became. */
  get(name: string, options?: CallOptions): Promise<JobDescription> {
    return this.#http.json({ method: 'GET', path: path`/training-jobs/${name}` }, options)
  }

  /** One page, newest first. */
  list(filter: JobFilter = {}, options?: CallOptions): Promise<JobList> {
    return this.#http.json({ method: 'GET', path: `/training-jobs${search(filter)}` }, options)
  }

  /** Asks it to write a checkpoint and end. */
  stop(name: string, options?: CallOptions): Promise<JobDescription> {
    return this.#http.json(
      { method: 'POST', path: path`/training-jobs/${name}/stop`, json: '{}', repeatable: 'safe' },
      options,
    )
  }

  /** A page of what the container printed. */
  logs(name: string, from: LogFrom = {}, options?: CallOptions): Promise<JobLog> {
    return this.#http.json({ method: 'GET', path: path`/training-jobs/${name}/logs` + search(from) }, options)
  }

  /** A page of its training's events. */
  events(name: string, from: LogFrom = {}, options?: CallOptions): Promise<JobEvents> {
    return this.#http.json({ method: 'GET', path: path`/training-jobs/${name}/events` + search(from) }, options)
  }

  /** Events as they come, until the job is over. AbortedError when the signal ends it. */
  async *follow(name: string, options: FollowOptions = {}): AsyncGenerator<JobEvents['events'][number]> {
    for await (const { events } of this.#pages((from) => this.events(name, from, options), options)) yield* events
  }

  /** Lines as they come, until the job is over. AbortedError when the signal ends it. */
  async *followLogs(name: string, options: FollowOptions = {}): AsyncGenerator<JobLog['lines'][number]> {
    for await (const { lines } of this.#pages((from) => this.logs(name, from, options), options)) yield* lines
  }

  /** Lines that are there now. */
  async *allLogs(name: string, options: CallOptions & LogFrom = {}): AsyncGenerator<JobLog['lines'][number]> {
    const { limit = mostLines } = options
    for await (const { lines } of this.#pages((from) => this.logs(name, from, options), options)) {
      yield* lines
      if (lines.length < limit) return
    }
  }

  async *#pages<P extends Page>(read: (from: LogFrom) => Promise<P>, options: FollowOptions): AsyncGenerator<P> {
    const { limit = mostLines, pause = 1000, signal, onQuiet } = options
    let { after } = options
    for (;;) {
      const page = await read({ after, limit })
      yield page
      if (page.done) return
      if (page.next === after) {
        await onQuiet?.()
        await sleep(pause, signal)
      }
      after = page.next
    }
  }
}
