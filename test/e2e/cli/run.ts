/** Runs the command line as a user does: a process of its own, in an empty folder, its output kept. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const program = fileURLToPath(new URL('../../../sdk/bin/maas.mjs', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** One object per line of standard output, for `--json`. */
  readonly events: readonly Record<string, unknown>[]
}

export interface Running {
  readonly child: ChildProcess
  /** Resolves when standard output holds the text; rejects when the process ends first. */
  printed(text: string): Promise<void>
  /** Standard output so far. */
  out(): string
  readonly finished: Promise<Finished>
}

const passed = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'TMPDIR', 'MAAS_KERNELS']

export const start = (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running => {
  const inherited = Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...inherited, ...env } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code) => {
      const lines = out.split('\n').filter((line) => line.startsWith('{'))
      resolve({ code, out, err, events: lines.map((line) => JSON.parse(line) as Record<string, unknown>) })
    })
  })
  const printed = async (text: string): Promise<void> => {
    let over = false
    void finished.then(() => {
      over = true
    })
    while (!out.includes(text)) {
      if (over) throw new Error(`ended without printing "${text}":\n${out}\n${err}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return { child, printed, out: () => out, finished }
}

export const run = (cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> =>
  start(cwd, args, env).finished
