/** Keeps a server open to newcomers: with too many connections, the one that has kept it waiting longest is ended. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * A connection waits from its start, and again from each answer, until a whole request has arrived. So neither idle clients nor those
 * that send a header or a body byte by byte can keep others out, however many they are; requests that are being answered are never cut.
 */
export const limitConnections = (server: Server, most: number): void => {
  /** Longest first. */
  const waiting = new Set<Socket>()
  let open = 0
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => {
      open -= 1
      waiting.delete(socket)
    })
    if (open > most) {
      const [longest = socket] = waiting
      waiting.delete(longest)
      longest.destroy()
    }
    if (!socket.destroyed) waiting.add(socket)
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const answering = () => waiting.delete(socket)
    if (hasBody(request)) request.once('end', answering)
    else answering()
    response.once('close', () => {
      waiting.delete(socket)
      if (!socket.destroyed) waiting.add(socket)
    })
  })
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
