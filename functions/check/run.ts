/** Runs the process that touches the model: empty environment, limits on time and memory, its last words when it dies. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { residentBytes } from '@maas/core/formats'
import { finished } from './folder.ts'

export interface ChildLimits {
  /** @default 120 s */
  readonly milliseconds?: number
  /** Of its own memory, bytes; watched where /proc is. @default 3 GiB */
  readonly memory?: number
}

export interface ChildProgram {
  /** The program's file, and what Node needs before it. */
  readonly entry: string
  readonly execArgv?: readonly string[]
  /** Folder of the native kernels; nothing else of this process's environment is passed on. */
  readonly kernels?: string | undefined
  readonly limits?: ChildLimits
}

/** How it ended: undefined when well, else a sentence. */
export type RunChild = (task: ChildTask['task'], directory: string) => Promise<string | undefined>

/** What the process is told, as a line of JSON: it loads kernels before it knows for what. */
export interface ChildTask {
  readonly task: 'vet' | 'replay'
  readonly directory: string
}

export interface ChildRunner {
  /** Every run has a process of its own. */
  readonly run: RunChild
  /** A run is near: its process starts now, and ends unused when none comes within two minutes. */
  prepare(): void
  /** Ends a process that was prepared. */
  close(): void
}

const watchMs = 100
const preparedMs = 120_000

export const childRunner = ({
  entry,
  execArgv = [],
  kernels,
  limits: { milliseconds = 120_000, memory = 3 * 1024 ** 3 } = {},
}: ChildProgram): ChildRunner => {
  /** It is told what it will be likely asked to do, so that it starts with that. */
  const start = (likely: ChildTask['task']): Child => {
    const child = spawn(process.execPath, [...execArgv, entry, likely], {
      env: {
        TF_CPP_MIN_LOG_LEVEL: '2',
        ...(kernels !== undefined && { MAAS_KERNELS: kernels, MAAS_PRELOAD: kernels }),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // It may end before it has read its task, or could not be started: its end says so.
    child.stdin.on('error', () => {})
    return { child, ended: endOf(child) }
  }
  let spare: (Child & { readonly timer: NodeJS.Timeout }) | undefined

  const close = (): void => {
    if (spare === undefined) return
    clearTimeout(spare.timer)
    spare.child.kill('SIGKILL')
    spare = undefined
  }
  const take = (task: ChildTask['task']): Child => {
    const { child, ended, timer } = spare ?? {}
    clearTimeout(timer)
    spare = undefined
    if (child === undefined || ended === undefined || child.exitCode !== null || child.signalCode !== null)
      return start(task)
    for (const each of [child, child.stdin, child.stdout, child.stderr] as { ref?: () => void }[]) each.ref?.()
    return { child, ended }
  }

  return {
    prepare: () => {
      if (spare !== undefined) return
      const { child, ended } = start('vet')
      spare = { child, ended, timer: setTimeout(close, preparedMs).unref() }
      // A program that ends before it needs it does not wait: the process sees its input close.
      for (const each of [child, child.stdin, child.stdout, child.stderr] as { unref?: () => void }[]) each.unref?.()
    },
    close,
    run: async (task, directory) => {
      const { child, ended } = take(task)
      let killed: string | undefined
      const kill = (why: string): void => {
        killed ??= why
        child.kill('SIGKILL')
      }
      const clock = setTimeout(() => kill(`took longer than ${milliseconds / 1000} s`), milliseconds)
      const watch = setInterval(async () => {
        const used = child.pid === undefined ? 0 : await residentBytes(child.pid, 'RssAnon')
        if (used > memory) kill(`took more than ${Math.round(memory / 1024 ** 2)} MiB of memory`)
      }, watchMs)
      child.stdin.end(JSON.stringify({ task, directory } satisfies ChildTask))
      try {
        const end = await ended
        if (end instanceof Error) throw end
        return end === undefined ? undefined : (killed ?? end)
      } finally {
        clearTimeout(clock)
        clearInterval(watch)
      }
    },
  }
}

type Process = ReturnType<typeof spawn> & {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

interface Child {
  readonly child: Process
  /** Undefined when well, a sentence with its last words, or why it did not start. */
  readonly ended: Promise<string | Error | undefined>
}

const endOf = (child: Process): Child['ended'] =>
  new Promise((resolve) => {
    let words = ''
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2000)
    })
    // It says so when its result is whole; giving back a large model's memory would take it longer than this.
    child.stdout.on('data', (chunk: Buffer) => {
      if (!chunk.toString().endsWith(finished)) return
      resolve(undefined)
      child.kill('SIGKILL')
    })
    child.once('error', resolve)
    child.once('close', (code, signal) => {
      const last = words.trim().split('\n').at(-1)
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}${last ? `: ${last}` : ''}`)
    })
  })

/** What the process wrote last; undefined when it wrote nothing. */
export const readResult = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}
