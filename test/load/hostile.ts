/** Callers that mean no good, or have gone to sleep: while they are there, well-behaved callers are answered. */
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { mostConnections } from '../../functions/local/server.ts'
import { ask } from './client.ts'
import type { Question } from './models.ts'

export interface Siege {
  readonly name: string
  /** Requests of well-behaved callers meanwhile: one over a new connection each time, one that keeps its own. */
  readonly probes: number
  readonly medianMs: number
  readonly slowestMs: number
  /** Connections of the attack that the service had ended by itself when it was over. */
  readonly ended: number
  readonly faults: readonly string[]
}

export interface Attack {
  readonly name: string
  /** Connections over the service's limit: it must end as many by itself. */
  readonly over: number
  /** Leaves its sockets in the list; gives what it saw amiss. */
  run(port: number, sockets: Socket[]): Promise<readonly string[]>
}

/** How many callers of each kind, and how long those stay that stay, milliseconds. */
export interface Sizes {
  readonly slow: number
  readonly oversized: number
  readonly half: number
  readonly idle: number
  readonly stayMs: number
}

const open = async (port: number, sockets: Socket[], text = ''): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  sockets.push(socket)
  // What the service does to it is seen by its end.
  socket
    .on('error', () => {})
    .on('end', () => socket.end())
    .resume()
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  if (text !== '') socket.write(text)
  return socket
}

/** A hundred at a time. */
const many = async (count: number, one: () => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < count; at += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - at) }, one))
  }
}

/** The first line of the answer; empty when the connection ended without one. */
const replyOf = async (socket: Socket): Promise<string> => {
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  await Promise.race([once(socket, 'close').catch(() => {}), sleep(10_000, undefined, { ref: false })])
  return text.split('\r\n')[0] ?? ''
}

const tally = (lines: readonly string[], fine: (line: string) => boolean): readonly string[] => {
  const bad = lines.filter((line) => !fine(line))
  return [...new Set(bad)].map((line) => `${bad.filter((one) => one === line).length} got ${line || 'nothing'}`)
}

/** `path`: a route that answers 200 to GET. */
export const attacks = (path: string, { slow, oversized, half, idle, stayMs }: Sizes): readonly Attack[] => [
  {
    name: `${slow.toLocaleString('en-US')} connections that send their headers a byte a second`,
    over: slow - mostConnections,
    run: async (port, sockets) => {
      await many(slow, () => open(port, sockets, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nx: `))
      const drip = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write('a')
      }, 1000)
      await sleep(stayMs)
      clearInterval(drip)
      return []
    },
  },
  {
    name: `${oversized.toLocaleString('en-US')} requests with 64 KB of headers`,
    over: 0,
    run: async (port, sockets) => {
      const lines: string[] = []
      const large = `GET ${path} HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(65_536)}\r\n\r\n`
      await many(oversized, async () => void lines.push(await replyOf(await open(port, sockets, large))))
      // A connection cut while it still sends may lose the answer; no other answer may come.
      return tally(lines, (line) => line === '' || line.includes(' 431 '))
    },
  },
  {
    name: `${half.toLocaleString('en-US')} callers that close their half after asking`,
    over: 0,
    run: async (port, sockets) => {
      const lines: string[] = []
      await many(half, async () => {
        const socket = await open(port, sockets)
        socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
        lines.push(await replyOf(socket))
      })
      return tally(lines, (line) => line.includes(' 200 '))
    },
  },
  {
    name: `${idle.toLocaleString('en-US')} connections that say nothing`,
    over: idle - mostConnections,
    run: async (port, sockets) => {
      await many(idle, () => open(port, sockets))
      await sleep(stayMs)
      return []
    },
  },
]

/** Asks all the while, and `afterMs` longer; an answer later than `patienceMs` is a fault. */
export const besiege = async (
  port: number,
  attack: Attack,
  probe: Question,
  { afterMs = 1000, patienceMs = 5000 } = {},
): Promise<Siege> => {
  const sockets: Socket[] = []
  const faults: string[] = []
  const times: number[] = []
  let over = false
  const keep = new Agent({ keepAlive: true, maxSockets: 1 })
  const probing = async (agent: Agent | false): Promise<void> => {
    while (!over) {
      try {
        const { status, ms } = await ask(port, probe, { agent, timeoutMs: patienceMs })
        times.push(ms)
        if (status !== 200) faults.push(`a well-behaved caller got ${status}`)
      } catch (error) {
        faults.push(
          `a well-behaved caller${agent === keep ? ' on its own connection' : ''}: ${(error as Error).message}`,
        )
      }
      await sleep(20)
    }
  }
  const probes = Promise.all([probing(false), probing(keep)])
  faults.push(...(await attack.run(port, sockets)))
  const gone = () => sockets.filter((socket) => socket.readableEnded || socket.destroyed).length
  const until = performance.now() + patienceMs
  while (gone() < attack.over && performance.now() < until) await sleep(50)
  const ended = gone()
  if (ended < attack.over) faults.push(`${ended} of them were ended, ${attack.over} are over the limit`)
  for (const socket of sockets) socket.destroy()
  await sleep(afterMs)
  over = true
  await probes
  keep.destroy()
  times.sort((a, b) => a - b)
  const medianMs = times[times.length >> 1] ?? Number.NaN
  return { name: attack.name, probes: times.length, medianMs, slowestMs: times.at(-1) ?? Number.NaN, ended, faults }
}
