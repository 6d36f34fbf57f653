/** A short-lived process for one untrusted file: empty environment, no rights on files, a time limit and watched memory. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { InvalidInputError, MaasError, messageOf, TooLargeError } from '../../errors.ts'

export interface SandboxLimits {
  /** Milliseconds. @default 60 s */
  readonly timeout?: number
  /** Resident memory of the process, bytes; watched where /proc is. @default 1.5 GiB */
  readonly memory?: number
  readonly signal?: AbortSignal
}

export interface SandboxProgram {
  /** Resident memory of the process, bytes; watched where /proc is. @default 1.5 GiB */
  readonly memory?: number | undefined
  /** Arguments of Node after the restrictions: the program and its own. */
  readonly args: readonly string[]
  /** Folders whose files the process may read: its own program. */
  readonly readable?: readonly string[]
  readonly cwd: string
  readonly stdio: StdioOptions
}

export interface SandboxUse extends Omit<SandboxLimits, 'memory'> {
  /** What the file is called in messages. */
  readonly name: string
  /** Receives the output as it arrives; what it throws ends the process. */
  readonly output: (chunk: Uint8Array) => void
  readonly started?: (child: ChildProcess) => void
}

export interface SandboxRun extends SandboxProgram, SandboxUse {
  readonly memory?: number
}

export interface SandboxEnd {
  readonly code: number | null
  /** Everything on standard error, the first 100,000 characters. */
  readonly diagnostics: string
}

/** A process that is up and has no file yet. */
export interface Sandbox {
  /** Once. TooLargeError over the memory limit, InvalidInputError over the time limit or for output that cannot be taken. */
  use(use: SandboxUse): Promise<SandboxEnd>
  /** False when it ended before it was used. */
  isUp(): boolean
  close(): void
}

const watchInterval = 50
const wasmPage = 65_536
export const defaultMemory = 1.5 * 1024 ** 3

/** `startSandbox` and its `use` in one. */
export const runSandboxed = (run: SandboxRun): Promise<SandboxEnd> => startSandbox(run).use(run)

export const startSandbox = ({ memory = defaultMemory, readable = [], args, cwd, stdio }: SandboxProgram): Sandbox => {
  // The shell sets what only it can, and is replaced by Node: nothing may be written, not even a core dump.
  const child = spawn(
    '/bin/sh',
    ['-c', 'ulimit -f 0; ulimit -c 0; exec "$0" "$@"', process.execPath, ...restrictions(memory, readable), ...args],
    { env: {}, cwd, stdio },
  )
  // A child that refuses a file early stops reading its input.
  for (const stream of child.stdio) stream?.on('error', () => {})
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new MaasError('internal', `the reading process did not start: ${cause.message}`, { cause })),
    )
    child.on('close', resolve)
  })
  ended.catch(() => {})
  return {
    isUp: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    close: () => void child.kill('SIGKILL'),
    use: async ({ name, timeout = 60_000, signal, output, started }) => {
      let diagnostics = ''
      let failure: MaasError | undefined
      const fail = (error: MaasError): void => {
        failure ??= error
        child.kill('SIGKILL')
      }
      const clock = setTimeout(
        () => fail(new InvalidInputError(`${name} could not be read within ${timeout / 1000} s`, { param: name })),
        timeout,
      )
      const watch = setInterval(async () => {
        const resident = child.pid === undefined ? 0 : await residentBytes(child.pid)
        if (resident <= memory) return
        const taken = `more than ${Math.round(memory / 1024 ** 2)} MiB of memory`
        fail(new TooLargeError(`reading ${name} took ${taken}`, { param: name }))
      }, watchInterval)
      const abort = (): void => fail(new MaasError('canceled', `reading ${name} was canceled`))
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      child.stdout?.on('data', (chunk: Uint8Array) => {
        try {
          output(chunk)
        } catch (cause) {
          fail(new InvalidInputError(`${name} cannot be read: ${messageOf(cause)}`, { cause, param: name }))
        }
      })
      child.stderr?.on('data', (chunk: Buffer) => {
        diagnostics = (diagnostics + chunk.toString()).slice(0, 100_000)
      })
      started?.(child)
      try {
        const code = await ended
        if (failure) throw failure
        return { code, diagnostics }
      } finally {
        clearTimeout(clock)
        clearInterval(watch)
        signal?.removeEventListener('abort', abort)
      }
    },
  }
}

/** Node's own permission model (files, processes, workers, addons), and a ceiling on WebAssembly's memory. */
const restrictions = (memory: number, readable: readonly string[]): string[] => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  return [
    '--no-warnings',
    flag,
    `--wasm-max-mem-pages=${Math.floor(memory / wasmPage)}`,
    ...readable.map((folder) => `--allow-fs-read=${folder}/*`),
  ]
}

/** 0 where there is no /proc. `RssAnon` leaves out libraries and files, which processes share. */
export const residentBytes = async (pid: number, kind: 'VmRSS' | 'RssAnon' = 'VmRSS'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${kind}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
}
