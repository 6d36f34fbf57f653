/** A job's events as server-sent events: what is there, then what comes, until the job is over or the connection has lasted long enough. */
import type { JobLogQuery } from '@maas/core/contract'
import type { Jobs } from '@maas/core/jobs'

export interface FollowOptions {
  /** Milliseconds between two looks at the log. */
  readonly lookMs: number
  /** Milliseconds after which the stream ends; clients connect again and go on where it ended. @default never */
  readonly lastMs?: number
  /** Ends early when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** Milliseconds that clients wait before they connect again. */
const RETRY_MS = 2000
/** Proxies cut connections on which nothing comes for a minute. */
const SILENCE_MS = 15_000

const encoder = new TextEncoder()

const message = (event: string, data: unknown, id?: string): Uint8Array =>
  encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

/** Ends with an event `done` that holds the job's description. */
async function* follow(
  jobs: Pick<Jobs, 'events' | 'describe'>,
  job: string,
  query: JobLogQuery,
  { lookMs, lastMs = Number.POSITIVE_INFINITY, sleep, clock, signal }: FollowOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  yield encoder.encode(`retry: ${RETRY_MS}\n\n`)
  const began = clock()
  let heard = began
  let { after } = query
  while (!signal.aborted) {
    const { events, next, done } = await jobs.events(job, { limit: query.limit, ...(after !== undefined && { after }) })
    for (const { id, data } of events) yield message(data.event, data, id)
    if (events.length > 0) heard = clock()
    const moved = next !== after
    after = next
    if (done) return yield message('done', await jobs.describe(job))
    if (clock() - began >= lastMs) return
    if (moved) continue
    if (clock() - heard >= SILENCE_MS) {
      heard = clock()
      yield encoder.encode(': still there\n\n')
    }
    await sleep(lookMs, signal)
  }
}

export const eventStream = (...args: Parameters<typeof follow>): ReadableStream<Uint8Array> => {
  const chunks = follow(...args)
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => void (await chunks.return(undefined)),
  })
}
