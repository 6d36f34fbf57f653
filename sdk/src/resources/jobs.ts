/** Training jobs of a service: started, followed, stopped. */
import type { JobDescription, JobEvents, JobList, JobLog } from '@maas/core/contract'
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
  /** Lines looked at, 1-1000. @default 200 */
  readonly limit?: number | undefined
}

export interface FollowOptions extends CallOptions, LogFrom {
  /** Milliseconds between two looks while nothing happens. @default 1 s */
  readonly pause?: number
}

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

  /** Events as they come, until the job is over. */
  async *follow(name: string, options: FollowOptions = {}): AsyncGenerator<JobEvents['events'][number]> {
    yield* this.#pages(
      (from) => this.events(name, from, options),
      ({ events }) => events,
      options,
    )
  }

  /** Lines as they come, until the job is over. */
  async *followLogs(name: string, options: FollowOptions = {}): AsyncGenerator<JobLog['lines'][number]> {
    yield* this.#pages(
      (from) => this.logs(name, from, options),
      ({ lines }) => lines,
      options,
    )
  }

  async *#pages<P extends { readonly next?: string | undefined; readonly done: boolean }, T>(
    read: (from: LogFrom) => Promise<P>,
    items: (page: P) => readonly T[],
    { after: from, limit = 1000, pause = 1000, signal }: FollowOptions,
  ): AsyncGenerator<T> {
    let after = from
    while (!signal?.aborted) {
      const page = await read({ after, limit })
      yield* items(page)
      if (page.done) return
      if (page.next === after) await sleep(pause, signal)
      after = page.next
    }
  }
}
