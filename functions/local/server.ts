/** The HTTP server itself: opened with bounds on slow and large requests, closed without losing an answer. */
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { ConflictError, InvalidInputError } from '@maas/core/errors'
import { limitConnections } from './connections.ts'

/** Below the number of files that every common system lets a process open. */
export const mostConnections = 900

export const createServer = ({
  requestSeconds,
  listener,
}: {
  readonly requestSeconds: number
  readonly listener: RequestListener
}): Server => {
  const server = createHttpServer(
    {
      headersTimeout: Math.min(10, requestSeconds) * 1000,
      requestTimeout: requestSeconds * 1000,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
      joinDuplicateHeaders: true,
      // Most bodies then arrive without the socket being stopped and started again.
      highWaterMark: 128 * 1024,
    },
    listener,
  )
  limitConnections(server, mostConnections)
  return server
}

/** For the few that read their body as the web's stream. */
export const webListener = (fetch: (request: Request) => Promise<Response>): RequestListener =>
  getRequestListener(async (request) => {
    const response = await fetch(request)
    // The rest of that body is not read, so nothing more can come over this connection.
    if (response.status === 413) response.headers.set('connection', 'close')
    return response
  })

/** The port it listens on. ConflictError when the port is taken, InvalidInputError when it cannot be had at all. */
export const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(explain(cause, host, port)))
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })

const explain = (cause: NodeJS.ErrnoException, host: string, port: number): Error => {
  if (cause.code === 'EADDRINUSE') {
    return new ConflictError(
      `Port ${port} on ${host} is taken by another program. Stop that one, or choose a port: --port ${port + 1}, or --port 0 for any free one.`,
      { cause, param: '--port' },
    )
  }
  if (cause.code === 'EACCES') {
    return new InvalidInputError(
      `Port ${port} needs rights that this program lacks. Choose one from 1024: --port 8501.`,
      {
        cause,
        param: '--port',
      },
    )
  }
  return new InvalidInputError(
    `${host} is not an address of this machine (${cause.code}). Choose another: --host 127.0.0.1.`,
    {
      cause,
      param: '--host',
    },
  )
}

/** Stops accepting, gives open requests `seconds` to finish, then cuts what is left. */
export const drain = async (server: Server, seconds: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const end = Date.now() + seconds * 1000
  let over = false
  void closed.then(() => {
    over = true
  })
  while (!over && Date.now() < end) {
    // A connection becomes idle only when its last answer is out.
    server.closeIdleConnections()
    await Promise.race([closed, sleep(50)])
  }
  server.closeAllConnections()
  await closed
}
