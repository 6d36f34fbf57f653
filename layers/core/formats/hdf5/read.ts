/** Reads an HDF5 file in a process of its own, with an empty environment, no file rights, a time limit and watched memory. */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, messageOf, NotFoundError } from '../../errors.ts'
import { type Sandbox, type SandboxEnd, type SandboxLimits, startSandbox } from '../sandbox/process.ts'
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
export type ReadHdf5 = (source: string | Uint8Array, options: Hdf5ReadOptions) => Promise<Hdf5Group>

export const readHdf5: ReadHdf5 = (source, options) => read(source, options, () => undefined)

export interface PreparedHdf5 {
  readonly readHdf5: ReadHdf5
  /** Whether the process that was prepared is running. */
  isUp(): boolean
  /** Ends it. */
  close(): void
}

/** Bytes of a file that are sent to a process that is up; a larger one is read where it lies, which takes less memory. */
const largestSent = 64 * 1024 ** 2

/** A reading process starts now: the first file does not wait for that, which takes longer than reading a small one. */
export const prepareHdf5 = (): PreparedHdf5 => {
  const prepared = start('pipe')
  let spare: Sandbox | undefined = prepared
  const take = (): Sandbox | undefined => {
    const taken = spare
    spare = undefined
    return taken?.isUp() ? taken : undefined
  }
  return {
    readHdf5: (source, options) => read(source, options, options.memory === undefined ? take : () => undefined),
    isUp: () => prepared.isUp(),
    close: () => prepared.close(),
  }
}

const read = async (
  source: string | Uint8Array,
  options: Hdf5ReadOptions,
  takeSpare: () => Sandbox | undefined,
): Promise<Hdf5Group> => {
  if (typeof source !== 'string') {
    return run(takeSpare() ?? start('pipe', options), options, { size: source.length, bytes: [source] })
  }
  const file = await open(source, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${source} does not exist`, { cause, param: source })
    throw new InvalidInputError(`${source} cannot be opened: ${cause.message}`, { cause, param: source })
  })
  try {
    const { size } = await file.stat()
    const spare = size <= largestSent ? takeSpare() : undefined
    if (spare === undefined) return await run(start(file.fd, options), options)
    return await run(spare, options, {
      size,
      bytes: file.createReadStream({ highWaterMark: 1 << 20, autoClose: false }),
    })
  } finally {
    await file.close()
  }
}

/** Its options come by the fourth stream, its file by the first. */
const start = (stdin: 'pipe' | number, { memory }: Pick<Hdf5ReadOptions, 'memory'> = {}): Sandbox =>
  startSandbox({
    memory,
    args: [program],
    readable: readerFolders(),
    cwd: dirname(program),
    stdio: [stdin, 'pipe', 'pipe', 'pipe'],
  })

interface Content {
  readonly size: number
  readonly bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

const run = async (sandbox: Sandbox, options: Hdf5ReadOptions, content?: Content): Promise<Hdf5Group> => {
  const { name, skip = [], maxBytes = limits.modelBytes, maxTensorBytes = limits.tensorBytes, ...use } = options
  const frame = new FrameReader(maxBytes)
  const ended = await sandbox.use({
    ...use,
    name,
    output: (chunk) => frame.push(chunk),
    started: ({ stdin, stdio }) => {
      const task = { skip, maxBytes, maxTensorBytes, maxObjects, size: content?.size }
      ;(stdio[3] as Writable).end(JSON.stringify(task))
      // A child that refuses a file early stops reading; how it ends says why.
      if (content !== undefined && stdin !== null) pipeline(content.bytes, stdin).catch(() => {})
    },
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
