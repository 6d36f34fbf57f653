/** Reads a model of several files in a process of its own: a folder, a zip, a tar.gz, or a `model.json` with its weights beside it. */

import { constants } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { limits } from '../../contract/index.ts'
import { InvalidInputError, MaasError, messageOf, NotFoundError, TooLargeError } from '../../errors.ts'
import { runSandboxed, type SandboxLimits } from './process.ts'
import { readerProgram } from './program.ts'
import { type ReaderAnswer, type ReaderTask, readerAnswerSchema } from './types.ts'

export interface FilesReadOptions extends SandboxLimits {
  /** Bytes of all files, packed and unpacked. @default limits.modelBytes */
  readonly maxBytes?: number
}

export interface ReadFiles {
  readonly answer: Exclude<ReaderAnswer, { kind: 'refused' }>
  readonly parts: readonly Uint8Array[]
}

/** Files of a model's folder that are handed over; nothing else in it is even opened. */
const wanted =
  /^(saved_model\.pb|model\.json|variables\/variables\.(index|data-\d{5}-of-\d{5})|[^/]+\.bin|[^/]*shard\d+of\d+)$/
const mostFiles = 500
const mostJson = 64 * 1024 * 1024

/** The files of a folder, or `model.json` and the weights beside it. */
export const readModelFolder = async (path: string, options: FilesReadOptions = {}): Promise<ReadFiles> => {
  const folder = basename(path) === 'model.json' || path.endsWith('.json') ? dirname(path) : path
  const named = folder === path ? undefined : basename(path)
  const inside = async (below: string): Promise<string[]> => {
    const items = await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])
    return items.filter((item) => !item.isDirectory()).map((item) => `${below}${item.name}`)
  }
  const names = [...(await inside('')), ...(named === undefined ? await inside('variables/') : [])]
  const chosen = names.filter(
    (name) => name === named || (wanted.test(name) && (named === undefined || name !== 'model.json')),
  )
  const files = chosen
    .filter((name) => named === undefined || name !== 'saved_model.pb')
    .map((name) => ({ path: name === named ? 'model.json' : name, location: join(folder, name) }))
  if (files.length === 0) {
    throw new InvalidInputError(`${path} holds no saved_model.pb (SavedModel) and no model.json (TF.js)`, {
      param: path,
    })
  }
  if (files.length > mostFiles)
    throw new TooLargeError(`${path} holds ${files.length} files, at most ${mostFiles} are read`)
  return read(path, files, options)
}

/** A zip or tar.gz. */
export const readModelArchive = (path: string, options: FilesReadOptions = {}): Promise<ReadFiles> =>
  read(path, [{ path: basename(path), location: path, archive: true }], options)

interface Handed {
  readonly path: string
  readonly location: string
  readonly archive?: boolean
}

const read = async (name: string, files: readonly Handed[], options: FilesReadOptions): Promise<ReadFiles> => {
  const { maxBytes = limits.modelBytes, ...rest } = options
  const program = await readerProgram()
  const handles: FileHandle[] = []
  try {
    for (const { location, archive } of files) handles.push(await openFile(location, archive === true))
    const task: ReaderTask = {
      files: files.map(({ path, archive }, at) => ({ path, descriptor: at + 3, ...(archive && { archive }) })),
      maxBytes,
    }
    const frame = new Frame(maxBytes)
    const { code, diagnostics } = await runSandboxed({
      ...rest,
      name,
      args: ['--input-type=module', '-', JSON.stringify(task)],
      cwd: tmpdir(),
      stdio: ['pipe', 'pipe', 'pipe', ...handles.map(({ fd }) => fd)],
      output: (chunk) => frame.push(chunk),
      started: (child) => void (child.stdin as Writable).end(program),
    })
    const words =
      diagnostics
        .trim()
        .split('\n')
        .find((line) => /Error/.test(line)) ?? diagnostics.trim().split('\n')[0]
    if (diagnostics !== '' || code !== 0) {
      throw new InvalidInputError(`${name} cannot be read: ${words || `the reader stopped with code ${code}`}`, {
        param: name,
      })
    }
    return finish(name, frame)
  } finally {
    await Promise.all(handles.map((handle) => handle.close()))
  }
}

const finish = (name: string, frame: Frame): ReadFiles => {
  const { answer, parts } = frame.finish()
  if (answer.kind !== 'refused') return { answer, parts }
  throw new MaasError(answer.code as MaasError['code'], `${name} is refused: ${answer.message}`, { param: name })
}

/** A folder's links are not followed: they may lead to files that are none of the model's. */
const openFile = (location: string, follow: boolean): Promise<FileHandle> =>
  open(location, follow ? 'r' : constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError(`${location} does not exist`, { cause, param: location })
    const why = cause.code === 'ELOOP' ? 'it is a link, which is not followed' : cause.message
    throw new InvalidInputError(`${location} cannot be opened: ${why}`, { cause, param: location })
  })

/** Takes the answer apart as it arrives; every size is checked before memory is set aside for it. */
class Frame {
  readonly #maxBytes: number
  #head: Uint8Array = new Uint8Array()
  #answer: ReaderAnswer | undefined
  #body: Uint8Array = new Uint8Array()
  #filled = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): void {
    const rest = this.#answer ? chunk : this.#pushHead(chunk)
    if (this.#filled + rest.length > this.#body.length) throw new Error('its reader sent more than it announced')
    this.#body.set(rest, this.#filled)
    this.#filled += rest.length
  }

  finish(): { readonly answer: ReaderAnswer; readonly parts: readonly Uint8Array[] } {
    if (!this.#answer || this.#filled < this.#body.length) throw new InvalidInputError('its reader stopped half-way')
    let at = 0
    const parts = this.#answer.parts.map((length) => {
      at += length
      return this.#body.subarray(at - length, at)
    })
    return { answer: this.#answer, parts }
  }

  /** Returns what follows the head. */
  #pushHead(chunk: Uint8Array): Uint8Array {
    const nothing = chunk.subarray(0, 0)
    this.#head = Buffer.concat([this.#head, chunk])
    if (this.#head.length < 4) return nothing
    const length = new DataView(this.#head.buffer, this.#head.byteOffset).getUint32(0, true)
    if (length > mostJson) throw new Error(`its reader describes it in ${length} bytes, at most ${mostJson} are taken`)
    if (this.#head.length < 4 + length) return nothing
    const answer = parseAnswer(this.#head.subarray(4, 4 + length))
    const total = answer.parts.reduce((sum, size) => sum + size, 0)
    // A graph is a little larger than the files it came from: the variables' names and assignments.
    if (total > this.#maxBytes + mostJson)
      throw new TooLargeError(`it takes ${total} bytes, at most ${this.#maxBytes} are allowed`)
    this.#body = new Uint8Array(total)
    this.#answer = answer
    return this.#head.subarray(4 + length)
  }
}

const parseAnswer = (json: Uint8Array): ReaderAnswer => {
  try {
    return readerAnswerSchema.parse(JSON.parse(Buffer.from(json).toString()))
  } catch (cause) {
    throw new Error(`its reader answered something else than agreed: ${messageOf(cause).slice(0, 200)}`, { cause })
  }
}
