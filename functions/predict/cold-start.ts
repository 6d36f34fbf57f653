/** Where the time of a cold start went: from the process's start to its first answer, in a log line and in `Server-Timing`. */
import type { Log } from '@maas/core/http'
import type { ObjectStore } from '@maas/core/store'

/** Milliseconds since the process started. */
type Clock = () => number

/** The store, and how long at least one of its calls was under way. */
export const timedStore = (
  store: ObjectStore,
  clock: Clock,
): { readonly store: ObjectStore; readonly busy: () => number } => {
  let underWay = 0
  let since = 0
  let total = 0
  const begin = (): void => {
    if (underWay++ === 0) since = clock()
  }
  const end = (): void => {
    if (--underWay === 0) total += clock() - since
  }
  const timed =
    <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      begin()
      return call(...args).finally(end)
    }
  const stream: ObjectStore['stream'] = async (...args) => {
    const chunks = await timed(store.stream)(...args)
    return (async function* () {
      begin()
      try {
        yield* chunks
      } finally {
        end()
      }
    })()
  }
  const { get, getFile, head, put, putFile, putStream, list } = store
  const all = {
    get: timed(get),
    getFile: timed(getFile),
    head: timed(head),
    put: timed(put),
    putFile: timed(putFile),
    putStream: timed(putStream),
    list: timed(list),
  }
  return { store: { ...all, stream, delete: timed(store.delete) }, busy: () => total }
}

export interface Started {
  /** Until this program's first line: Node, and its code read. */
  readonly runtime: number
  /** Native kernels. */
  readonly kernels: number
  /** Of the model's files, until now. */
  readonly download: () => number
}

interface FetchApp {
  /** `env` is what the adapter passes on, such as the event with what the authorizer found. */
  fetch(request: Request, env?: unknown): Response | Promise<Response>
}

const timingOf = (header: string, stage: string): number =>
  Number(new RegExp(`\\b${stage};dur=([\\d.]+)`).exec(header)?.[1] ?? 0)

/** The first answer that says where its time went also says it of what came before; `load` is then without the download. */
export const withColdStart = (app: FetchApp, started: Started, log: Log): FetchApp => {
  let first = true
  return {
    fetch: async (request, env) => {
      const before = started.download()
      const response = await app.fetch(request, env)
      const header = response.headers.get('server-timing')
      if (!first || header === null || !response.ok) return response
      first = false
      const download = started.download() - before
      const split = {
        runtime: started.runtime,
        kernels: started.kernels,
        download,
        load: Math.max(0, timingOf(header, 'load') - download),
        first_run: timingOf(header, 'prepare') + timingOf(header, 'run'),
      }
      const rounded = Object.fromEntries(Object.entries(split).map(([stage, ms]) => [stage, Math.round(ms * 10) / 10]))
      const at = new Date().toISOString()
      log({
        level: 'info',
        at,
        message: 'cold start',
        ...rounded,
        ms: Object.values(rounded).reduce((sum, ms) => sum + ms, 0),
      })
      const headers = new Headers(response.headers)
      const { load: _, ...others } = rounded
      const early = Object.entries(others).map(([stage, ms]) => `${stage};dur=${ms}`)
      const whole = header.replace(/\bload;dur=[\d.]+/, `load;dur=${rounded.load}`)
      headers.set('server-timing', [...early, whole].join(', '))
      return new Response(response.body, { status: response.status, headers })
    },
  }
}
