/** A worker process seen from the service: commands out, answers back, and what its death means for those who wait. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MaasError, messageOf, NotReadyError } from '@maas/core/errors'
import { findNative } from '@maas/core/kernels/find'
import { compiledOf } from './bundle.mjs'
import {
  type Answers,
  type Command,
  channelDescriptor,
  type FromWorker,
  fromFailure,
  openChannel,
  type ToWorker,
} from './channel.ts'
import { alone, collectable, growing, smallYoungGeneration } from './garbage.ts'

export interface WorkerOptions {
  readonly program: Program
  /** Threads of one operation; TensorFlow takes all cores when absent. Fixed when the process starts. */
  readonly threads?: number
  /** What a worker wants a person to know, such as a fallback. */
  readonly notice: (text: string) => void
  /** A process ended without being told to; the text says how, and its last words. */
  readonly crashed: (text: string) => void
}

export interface Worker {
  readonly pid: number
  /** MaasError of the worker; EndedError when the process ends first; timeout after `ms`, which ends the process. */
  call<C extends Command>(command: C, ms: number): Promise<Answers[C['type']]>
  /** Resolves with a few words when the process has ended, e.g. `SIGKILL`. */
  readonly ended: Promise<string>
  kill(): void
}

/** Somebody who waits for an answer. */
interface Waiter {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
  /** When it is too late, by `performance.now`. */
  readonly due: number
  /** Milliseconds it was given. */
  readonly ms: number
}

/** The process ended while the call was under way: the call may have ended it, or another one. */
export class EndedError extends NotReadyError {}

/** How to start a worker's program. */
export interface Program {
  readonly entry: string
  /** For Node. */
  readonly args: readonly string[]
  /** Beside `workerEnvironment`. */
  readonly env?: Readonly<Record<string, string>>
}

/** From this folder. */
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Bundled; where that cannot be, from source, which takes a second more at each start and is said once. */
const programOf = async (
  /** `npm run stage` puts the built one beside a bundle. */
  { source, built }: { readonly source: string; readonly built: string },
  notice: (text: string) => void,
): Promise<Program> => {
  if (existsSync(path(built))) return { entry: path(built), args: [] }
  try {
    return { entry: await compiledOf(path(source)), args: [], env: await preloadHint() }
  } catch (error) {
    notice(`Processes for models start slower than they could, from source: ${messageOf(error).split('\n')[0]}`)
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    return { entry: path(source), args: ['--import', tsx] }
  }
}

export const workerProgram = (notice: (text: string) => void): Promise<Program> =>
  programOf({ source: './worker.ts', built: './worker.mjs' }, notice)

/** What vets a model. */
export const checkProgram = (notice: (text: string) => void): Promise<Program> =>
  programOf({ source: '../check/child.ts', built: './vet.mjs' }, notice)

/** Where a compiled program finds kernels to load while its code is still being read; what it then looks for itself counts. */
export const preloadHint = async (): Promise<Record<string, string>> => {
  const { found } = await findNative(process.env).catch(() => ({ found: undefined }))
  return found === undefined ? {} : { MAAS_PRELOAD: found.directory }
}

/** What finding and loading the kernels needs; a worker sees nothing else of the service's environment. */
const passed = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'TMPDIR', 'MAAS_KERNELS', 'LD_LIBRARY_PATH', 'TF_CPP_MIN_LOG_LEVEL']

export const workerEnvironment = (): Record<string, string> =>
  Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))

/** How it collects its garbage: bodies soon, everything seldom, and nothing with the help of threads. */
const collecting = [smallYoungGeneration, alone, growing(400), collectable]

export const startWorker = ({ program, threads, notice, crashed }: WorkerOptions): Worker => {
  const child = spawn(process.execPath, [...collecting, ...program.args, program.entry], {
    env: {
      ...workerEnvironment(),
      ...program.env,
      ...(threads !== undefined && {
        TF_NUM_INTRAOP_THREADS: String(threads),
        OMP_NUM_THREADS: String(threads),
      }),
    },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the service alone, which then lets requests finish.
    detached: true,
  })
  const stream = child.stdio[channelDescriptor] as Duplex
  // A process that ends breaks the pipe; its end is what is told.
  stream.on('error', () => {})
  const waiting = new Map<number, Waiter>()
  let nextId = 1
  let told = false
  const kill = (): void => {
    told = true
    child.kill('SIGKILL')
  }
  // TensorFlow grumbles about every bad image; its words matter only when they were the last.
  let lastWords = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-2000)
  })
  const channel = openChannel<ToWorker, FromWorker>(stream, (message) => {
    if (message.type === 'notice') notice(message.text)
    if (message.type !== 'answer' && message.type !== 'failure') return
    const waiter = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.type === 'answer') waiter?.resolve(message.value as never)
    else waiter?.reject(fromFailure(message.failure))
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  }).then((reason) => {
    if (!told) crashed(`A model's process (${child.pid}) ended: ${reason}. ${lastWords.trim()}`.trim())
    for (const id of waiting.keys()) failEnded(id, reason)
    return reason
  })
  const failEnded = (id: number, reason: string): void => {
    const text = `The model's process ended (${reason}) before it answered. A new one starts; try again.`
    waiting.get(id)?.reject(new EndedError(text))
    waiting.delete(id)
  }

  /** One timer for all calls, which is seldom set: setting and clearing one for each takes as long as sending it. */
  let alarm: NodeJS.Timeout | undefined
  let alarmAt = Number.POSITIVE_INFINITY
  const setAlarm = (due: number): void => {
    if (due >= alarmAt) return
    clearTimeout(alarm)
    alarmAt = due
    alarm = setTimeout(ring, Math.max(0, due - performance.now()))
    alarm.unref()
  }
  const ring = (): void => {
    alarmAt = Number.POSITIVE_INFINITY
    const late = [...waiting].filter(([, { due }]) => due <= performance.now())
    for (const [id, { reject, ms }] of late) {
      reject(new MaasError('timeout', `The model did not answer within ${ms / 1000} s.`))
      waiting.delete(id)
    }
    if (late.length > 0) kill()
    else for (const { due } of waiting.values()) setAlarm(due)
  }

  return {
    pid: child.pid ?? -1,
    ended,
    kill,
    call: (command, ms) =>
      new Promise((resolve, reject) => {
        const id = nextId++
        const due = performance.now() + ms
        waiting.set(id, { resolve, reject, due, ms })
        setAlarm(due)
        // Who comes after its end is told so when that is known, as those before.
        if (!channel.send({ ...command, id })) void ended.then((reason) => failEnded(id, reason))
      }),
  }
}
