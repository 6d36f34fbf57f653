/** Reads an HDF5 file in a process of its own, with an empty environment, no file rights, a time limit and watched memory. */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, messageOf, NotFoundError } from '../../errors.ts'
import { runSandboxed, type SandboxEnd, type SandboxLimits } from '../sandbox/process.ts'
import { FrameReader } from './frame.ts'
import type { Hdf5Group } from './types.ts'

export interface Hdf5ReadOptions extends SandboxLimits {
  /** What the file is called in messages. */
  readonly name: string
  /** Top-level groups that are not wanted, e.g. optimiser slots. @default none */
  readonly skip?: readonly string[]
  /** Bytes that all datasets together may declare. @default limits.modelBytes */
  readonly maxBytes?: number
  /** Bytes that one dataset may declare. @default limits.tensorBytes */
  readonly maxTensorBytes?: number
}

/** Groups and datasets of one file. */
export const maxObjects = 100_000

/** From a path or bytes to plain data. InvalidInputError for everything that is wrong with the file, TooLargeError beyond the limits. */
export const readHdf5 = async (source: string | Uint8Array, options: Hdf5ReadOptions): Promise<Hdf5Group> => {
  if (typeof source !== 'string') return await run(options, 'pipe', source)
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

const run = async (options: Hdf5ReadOptions, stdin: 'pipe' | number, content?: Uint8Array): Promise<Hdf5Group> => {
  const { name, skip = [], maxBytes = limits.modelBytes, maxTensorBytes = limits.tensorBytes, ...sandbox } = options
  const frame = new FrameReader(maxBytes)
  const ended = await runSandboxed({
    ...sandbox,
    name,
    args: [program, JSON.stringify({ skip, maxBytes, maxTensorBytes, maxObjects })],
    readable: readerFolders(),
    cwd: dirname(program),
    stdio: [stdin, 'pipe', 'pipe'],
    output: (chunk) => frame.push(chunk),
    started: (child) => void child.stdin?.end(content),
  })
  return finishHdf5(name, frame, ended)
}

/** What the reading process sent, unless it refused the file, failed, or said anything on standard error. */
export const finishHdf5 = (name: string, frame: FrameReader, { code, diagnostics }: SandboxEnd): Hdf5Group => {
  const problem =
    frame.refused ?? diagnosis(diagnostics) ?? (code === 0 ? undefined : `the reader stopped with code ${code}`)
  if (problem !== undefined) throw new InvalidInputError(`${name} cannot be read as HDF5: ${problem}`, { param: name })
  try {
    return frame.finish()
  } catch (cause) {
    throw new InvalidInputError(`${name} cannot be read: ${messageOf(cause)}`, { cause, param: name })
  }
}

const program = fileURLToPath(new URL('./child.mjs', import.meta.url))

/** What the reading process may read: its own program. */
export const readerFolders = (): string[] => {
  const modules = createRequire(program).resolve.paths('h5wasm') ?? []
  const library = modules.map((folder) => join(folder, 'h5wasm')).find((folder) => existsSync(folder))
  return [dirname(program), ...(library === undefined ? [] : [library])]
}

/** The last and innermost line of HDF5's error stack says what is wrong; anything on standard error is a failure. */
const diagnosis = (text: string): string | undefined => {
  if (text === '') return undefined
  const details = [...text.matchAll(/in H5\w+\(\): (.+)/g)].map(([, detail]) => detail)
  return details.at(-1) ?? text.trim().split('\n')[0]
}
