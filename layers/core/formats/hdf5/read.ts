/** Reads an HDF5 file in a process of its own, with an empty environment, no file rights, a time limit and watched memory. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { link, open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
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

export const readHdf5: ReadHdf5 = async (source, options) => {
  if (typeof source !== 'string') return run(start('pipe', options), options, contentOf(source))
  const file = await open(source, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${source} does not exist`, { cause, param: source })
    throw new InvalidInputError(`${source} cannot be opened: ${cause.message}`, { cause, param: source })
  })
  try {
    return await run(start(file.fd, options), options)
  } finally {
    await file.close()
  }
}

export interface PreparedHdf5 {
  readonly readHdf5: ReadHdf5
  /** Whether the process that was prepared is running. */
  isUp(): boolean
  /** Ends it, and leaves nothing of it. */
  close(): void
}

/** A reading process starts now: the first file does not wait for that, which takes longer than reading a small one. */
export const prepareHdf5 = (): PreparedHdf5 => {
  // Its file will be linked to here, and is all that it may read.
  const folder = mkdtempSync(join(tmpdir(), 'maas-hdf5-'))
  const prepared = start('pipe', {}, [folder])
  let spare: Sandbox | undefined = prepared
  const take = (): Sandbox | undefined => {
    const taken = spare
    spare = undefined
    return taken?.isUp() ? taken : undefined
  }
  const read: ReadHdf5 = async (source, options) => {
    if (spare === undefined || options.memory !== undefined) return readHdf5(source, options)
    if (typeof source !== 'string') return run(take() ?? start('pipe'), options, contentOf(source))
    const path = join(folder, 'model.h5')
    // Where it cannot be linked to, or is not there, the other way does it, or says why not.
    const linked = await link(source, path).then(
      () => true,
      () => false,
    )
    const up = linked ? take() : undefined
    return up === undefined ? readHdf5(source, options) : run(up, options, { path })
  }
  return {
    readHdf5: read,
    isUp: () => prepared.isUp(),
    close: () => {
      prepared.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Its options come by the fourth stream; its file by the first, or by its path. */
const start = (
  stdin: 'pipe' | number,
  { memory }: Pick<Hdf5ReadOptions, 'memory'> = {},
  readable: readonly string[] = [],
): Sandbox =>
  startSandbox({
    memory,
    args: [program],
    readable: [...readerFolders(), ...readable],
    cwd: dirname(program),
    stdio: [stdin, 'pipe', 'pipe', 'pipe'],
  })

/** What is not the first stream's file: bytes to be sent there, or a path. */
type Content = { readonly bytes: Uint8Array; readonly size: number } | { readonly path: string }

const contentOf = (bytes: Uint8Array): Content => ({ bytes, size: bytes.length })

const run = async (sandbox: Sandbox, options: Hdf5ReadOptions, content?: Content): Promise<Hdf5Group> => {
  const { name, skip = [], maxBytes = limits.modelBytes, maxTensorBytes = limits.tensorBytes, ...use } = options
  const frame = new FrameReader(maxBytes)
  const ended = await sandbox.use({
    ...use,
    name,
    output: (chunk) => frame.push(chunk),
    started: ({ stdin, stdio }) => {
      const { bytes, ...about } = { bytes: undefined, ...content }
      ;(stdio[3] as Writable).end(JSON.stringify({ skip, maxBytes, maxTensorBytes, maxObjects, ...about }))
      stdin?.end(bytes)
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
