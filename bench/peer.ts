/** A peer is a process of its own that measures itself when asked: one JSON line in, one JSON line out. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { lastWords } from './run-program.ts'
import { Unavailable } from './types.ts'

/** What a process says first. */
export interface Hello {
  readonly ready: Readonly<Record<string, string>>
  /** Servers only. */
  readonly url?: string
  /** Only of processes that answer once and end. */
  readonly outputs?: readonly number[]
}

export interface Peer {
  readonly hello: Hello
  readonly pid: number
  ask<T>(operation: string, request?: Readonly<Record<string, unknown>>): Promise<T>
  stop(): Promise<void>
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

const keptCharacters = 4096
const answerMilliseconds = 300_000
const stopMilliseconds = 5_000
const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts the process and waits for its first line. @throws Unavailable with the end of what it said on standard error */
export async function startPeer({ program, args, cwd, env = process.env }: Command): Promise<Peer> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env, ...(cwd === undefined ? {} : { cwd }) })
  running.add(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-keptCharacters)
  })
  let failed: Error | undefined
  child.on('error', (error) => {
    failed = error
  })
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      running.delete(child)
      resolve()
    }),
  )
  child.stdin.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  const answer = async <T>(): Promise<T> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), answerMilliseconds)
    const line = await lines.next()
    clearTimeout(timer)
    if (!line.done) return JSON.parse(line.value) as T
    await ended
    throw new Unavailable(failed?.message ?? `its process ended: ${lastWords(said) || 'without a word'}`)
  }
  const stop = async (): Promise<void> => {
    child.stdin.end()
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMilliseconds)
    await ended
    clearTimeout(timer)
  }
  const hello = await answer<Hello>()
  return {
    hello,
    pid: child.pid ?? 0,
    ask: (operation, request = {}) => {
      child.stdin.write(`${JSON.stringify({ operation, ...request })}\n`)
      return answer()
    },
    stop,
  }
}
