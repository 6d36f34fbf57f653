/** A request as an app sees it, whoever brought it: the web's `Request`, or Node's own server without one between. */
import { readBody } from './body.ts'

/** By a name in lower case; null when it was not sent. */
export interface HeaderReader {
  get(name: string): string | null
}

/** What is known of a request before its body is there. A web `Request` is one. */
export interface RequestHead {
  readonly method: string
  /** Whole, for its path and query: whose name it was sent to is the header `host`. */
  readonly url: string
  readonly headers: HeaderReader
}

export interface Asked extends RequestHead {
  /** Of the URL, without its query. */
  readonly path: string
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
  /** The body; TooLargeError as soon as it is known to be over the limit. Asked once. */
  read(limit: number): Promise<Uint8Array>
}

export const askedOf = (request: Request): Asked => ({
  method: request.method,
  url: request.url,
  headers: request.headers,
  path: pathIn(new URL(request.url).pathname),
  // Made when it is asked for: few requests have to be told of, and each signal costs.
  get signal() {
    return request.signal
  },
  read: (limit) => readBody(request, limit),
})

/** Escapes undone but for those of characters that have a meaning in paths; as it is where they are broken. */
export const pathIn = (raw: string): string => {
  if (!raw.includes('%')) return raw
  try {
    return decodeURI(raw.replaceAll('%25', '%2525'))
  } catch {
    return raw
  }
}
