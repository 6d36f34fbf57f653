/** Server-sent events with a key: the browser's own EventSource cannot send headers. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { ask } from './service.ts'

export interface ServerEvent {
  readonly event: string
  readonly data: unknown
}

const RETRY_MS = 2000

/** Follows a stream to its event `done`; a connection that ends earlier is opened again where it ended. */
export async function* follow(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  let after: string | undefined
  while (!signal.aborted) {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
    const { body } = await ask(`${path}${query}`, { headers: { accept: 'text/event-stream' }, signal })
    if (body === null) return
    const reader = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const { id, event = 'message', data } = next.value
      after = id ?? after
      yield { event, data: JSON.parse(data) }
      if (event === 'done') return
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
