/** Runs the process that touches the model: empty environment, limits on time and memory, its last words when it dies. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { residentBytes } from '@maas/core/formats'

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
export type RunChild = (task: 'vet' | 'replay', directory: string) => Promise<string | undefined>

const watchMs = 100

export const childRunner =
  ({
    entry,
    execArgv = [],
    kernels,
    limits: { milliseconds = 120_000, memory = 3 * 1024 ** 3 } = {},
  }: ChildProgram): RunChild =>
  (task, directory) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...execArgv, entry, task, directory], {
        env: {
          TMPDIR: directory,
          TF_CPP_MIN_LOG_LEVEL: '2',
          ...(kernels !== undefined && { MAAS_KERNELS: kernels, MAAS_PRELOAD: kernels }),
        },
        cwd: directory,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let words = ''
      let killed: string | undefined
      const kill = (why: string): void => {
        killed ??= why
        child.kill('SIGKILL')
      }
      child.stderr.on('data', (chunk: Buffer) => {
        words = (words + chunk.toString()).slice(-2000)
      })
      const clock = setTimeout(() => kill(`took longer than ${milliseconds / 1000} s`), milliseconds)
      const watch = setInterval(async () => {
        const used = child.pid === undefined ? 0 : await residentBytes(child.pid, 'RssAnon')
        if (used > memory) kill(`took more than ${Math.round(memory / 1024 ** 2)} MiB of memory`)
      }, watchMs)
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(clock)
        clearInterval(watch)
        if (code === 0) return resolve(undefined)
        resolve(
          killed ??
            `ended with ${signal ?? `code ${code}`}${words.trim() === '' ? '' : `: ${words.trim().split('\n').at(-1)}`}`,
        )
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
