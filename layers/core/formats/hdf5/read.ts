/** Reads an HDF5 file in a process of its own, with an empty environment, no file rights, a time limit and watched memory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, MaasError, messageOf, NotFoundError, TooLargeError } from '../../errors.ts'
import { FrameReader } from './frame.ts'
import type { Hdf5Group } from './types.ts'

export interface Hdf5ReadOptions {
  /** What the file is called in messages. */
  readonly name: string
  /** Top-level groups that are not wanted, e.g. optimiser slots. @default none */
  readonly skip?: readonly string[]
  /** Bytes that all datasets together may declare. @default limits.modelBytes */
  readonly maxBytes?: number
  /** Milliseconds. @default 60 s */
  readonly timeout?: number
  /** Resident memory of the process, bytes; watched where /proc is. @default 1.5 GiB */
  readonly memory?: number
  readonly signal?: AbortSignal
}

const MAX_OBJECTS = 100_000
const WATCH_INTERVAL = 50

/** From a path or bytes to plain data. InvalidInputError for everything that is wrong with the file, TooLargeError beyond the limits. */
export const readHdf5 = async (source: string | Uint8Array, options: Hdf5ReadOptions): Promise<Hdf5Group> => {
  if (typeof source !== 'string') return await run(options, 'pipe', (child) => child.stdin?.end(source))
  const file = await open(source, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${source} does not exist`, { cause, param: source })
    throw new InvalidInputError(`${source} cannot be opened: ${cause.message}`, { cause, param: source })
  })
  try {
    return await run(options, file.fd)
  } finally {
    await file.close()
  }
}

const run = (
  options: Hdf5ReadOptions,
  stdin: 'pipe' | number,
  feed?: (child: ChildProcess) => void,
): Promise<Hdf5Group> =>
  new Promise((resolve, reject) => {
    const {
      name,
      skip = [],
      maxBytes = limits.modelBytes,
      timeout = 60_000,
      memory = 1.5 * 1024 ** 3,
      signal,
    } = options
    const settings = JSON.stringify({ skip, maxBytes, maxObjects: MAX_OBJECTS })
    const child = spawn(process.execPath, [...restrictions(), program, settings], {
      env: {},
      cwd: dirname(program),
      stdio: [stdin, 'pipe', 'pipe'],
    })
    const frame = new FrameReader(maxBytes)
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
      if (resident > memory) {
        fail(
          new TooLargeError(`reading ${name} took more than ${Math.round(memory / 1024 ** 2)} MiB of memory`, {
            param: name,
          }),
        )
      }
    }, WATCH_INTERVAL)
    const abort = (): void => fail(new MaasError('canceled', `reading ${name} was canceled`))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()

    child.stdout?.on('data', (chunk: Uint8Array) => {
      try {
        frame.push(chunk)
      } catch (cause) {
        fail(new InvalidInputError(`${name} cannot be read: ${messageOf(cause)}`, { cause, param: name }))
      }
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      diagnostics = (diagnostics + chunk.toString()).slice(0, 100_000)
    })
    // A child that refuses a file early stops reading its input.
    child.stdin?.on('error', () => {})
    child.on('error', (cause) =>
      fail(new MaasError('internal', `the reading process did not start: ${cause.message}`, { cause })),
    )
    child.on('close', (code) => {
      clearTimeout(clock)
      clearInterval(watch)
      signal?.removeEventListener('abort', abort)
      if (failure) return reject(failure)
      const problem =
        frame.refused ?? diagnosis(diagnostics) ?? (code === 0 ? undefined : `the reader stopped with code ${code}`)
      if (problem !== undefined) {
        return reject(new InvalidInputError(`${name} cannot be read as HDF5: ${problem}`, { param: name }))
      }
      try {
        resolve(frame.finish())
      } catch (cause) {
        reject(new InvalidInputError(`${name} cannot be read: ${messageOf(cause)}`, { cause, param: name }))
      }
    })
    feed?.(child)
  })

const program = fileURLToPath(new URL('./child.mjs', import.meta.url))

/** Node's own permission model: the reader may open its own code and nothing else, and start nothing. */
const restrictions = (): string[] => {
  const modules = createRequire(program).resolve.paths('h5wasm') ?? []
  const library = modules.map((folder) => join(folder, 'h5wasm')).find((folder) => existsSync(folder))
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  const readable = [dirname(program), ...(library ? [library] : [])]
  return ['--no-warnings', flag, ...readable.map((folder) => `--allow-fs-read=${join(folder, '*')}`)]
}

/** The last and innermost line of HDF5's error stack says what is wrong; anything on standard error is a failure. */
const diagnosis = (text: string): string | undefined => {
  if (text === '') return undefined
  const details = [...text.matchAll(/in H5\w+\(\): (.+)/g)].map(([, detail]) => detail)
  return details.at(-1) ?? text.trim().split('\n')[0]
}

/** 0 where there is no /proc. `RssAnon` leaves out libraries and files, which processes share. */
export const residentBytes = async (pid: number, kind: 'VmRSS' | 'RssAnon' = 'VmRSS'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${kind}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
}
