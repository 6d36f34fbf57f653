/** An app behind Node's own HTTP server: requests are read from it and answers written to it with nothing between. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { Answer, App } from './app.ts'
import { type Asked, type HeaderReader, pathIn } from './asked.ts'
import { readIncoming } from './body.ts'

/** The server must join headers that are sent twice (`joinDuplicateHeaders`), so that none hides behind another. */
export const nodeListener =
  (app: Pick<App, 'answer'>) =>
  (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // What an answer cannot be sent to anybody for: the caller is gone.
    const lost = (): void => void outgoing.destroy()
    app.answer(new NodeRequest(incoming, outgoing), (answer) => write(answer, incoming, outgoing)).then(undefined, lost)
  }

class NodeRequest implements Asked {
  readonly method: string
  readonly headers: HeaderReader
  readonly #incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  readonly #target: string
  #path: string | undefined
  #signal: AbortSignal | undefined

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.#incoming = incoming
    this.#outgoing = outgoing
    this.#target = targetOf(incoming.url ?? '/')
    this.method = incoming.method ?? 'GET'
    this.headers = new NodeHeaders(incoming)
  }

  get url(): string {
    return `http://localhost${this.#target}`
  }

  get path(): string {
    this.#path ??= pathIn(this.#target.split('?', 1)[0] as string)
    return this.#path
  }

  /** Made when it is asked for: few requests have to be told of, and each signal costs. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController()
      this.#signal = controller.signal
      const outgoing = this.#outgoing
      const left = (): void => {
        if (!outgoing.writableFinished) controller.abort(new Error('The caller went away.'))
      }
      if (outgoing.destroyed || outgoing.closed) left()
      else outgoing.once('close', left)
    }
    return this.#signal
  }

  read(limit: number): Promise<Uint8Array> {
    return readIncoming(this.#incoming, limit)
  }
}

class NodeHeaders implements HeaderReader {
  readonly #incoming: IncomingMessage

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming
  }

  get(name: string): string | null {
    const { headers } = this.#incoming
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
  }
}

/** Path and query; a proxy's request line has the whole address. */
const targetOf = (url: string): string => {
  if (url.startsWith('/')) return url
  if (!URL.canParse(url)) return '/'
  const { pathname, search } = new URL(url)
  return `${pathname}${search}`
}

const write = (
  { status, headers, body }: Answer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> | undefined => {
  if (outgoing.destroyed) return undefined
  if (!incoming.complete) leave(incoming, outgoing, status)
  if (body instanceof ReadableStream) {
    outgoing.writeHead(status, headers)
    // Whoever follows something is told at once that it has begun.
    outgoing.flushHeaders()
    return pipeline(Readable.fromWeb(body as NodeReadableStream), outgoing)
  }
  const length = typeof body === 'string' ? Buffer.byteLength(body) : (body?.byteLength ?? 0)
  const hasBody = status !== 204 && status !== 304
  outgoing.writeHead(status, hasBody ? { ...headers, 'content-length': length } : headers)
  outgoing.end(hasBody ? body : undefined)
  return undefined
}

/** Milliseconds that a caller may go on sending a body that nobody reads. */
const patience = 500

/** Answered before the body had arrived: Node lets go of what still comes, but not of a caller who does not end. */
const leave = (incoming: IncomingMessage, outgoing: ServerResponse, status: number): void => {
  // The rest of a body that is too large is not waited for: nothing more can come over this connection.
  if (status === 413) outgoing.setHeader('connection', 'close')
  outgoing.once('finish', () => {
    const timer = setTimeout(() => {
      if (!incoming.complete) incoming.socket.destroySoon()
    }, patience)
    timer.unref()
    incoming.once('end', () => clearTimeout(timer))
    incoming.once('close', () => clearTimeout(timer))
  })
}
