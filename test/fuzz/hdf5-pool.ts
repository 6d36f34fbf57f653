/** Reads many HDF5 files by processes that take one after the other, restricted as the real one is: starting one for each takes fifty times as long. */
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { limits } from '@maas/core/contract'
import { InvalidInputError, messageOf } from '@maas/core/errors'
import type { KerasReadOptions } from '@maas/core/formats'
import { FrameReader } from '../../layers/core/formats/hdf5/frame.ts'
import { finishHdf5, maxObjects, readerFolders } from '../../layers/core/formats/hdf5/read.ts'
import { runSandboxed, type SandboxEnd } from '../../layers/core/formats/sandbox/process.ts'

export interface Hdf5Pool {
  readonly readHdf5: NonNullable<KerasReadOptions['readHdf5']>
  close(): Promise<void>
}

const program = fileURLToPath(new URL('./hdf5-many.mjs', import.meta.url))

/** What the library leaks and spoils ends with its process. */
const filesPerProcess = 50
/** Of processor time: on a busy machine a file may wait long without being read at all. */
const secondsPerFile = 30
const clockTicks = 100
const processLimit = 3_600_000

/** One file at a time goes to each process; there are as many as files read at a time. */
export const createHdf5Pool = (): Hdf5Pool => {
  const idle: Reader[] = []
  const all = new Set<Reader>()
  return {
    readHdf5: async (source, { name, skip = [] }) => {
      if (typeof source === 'string') throw new Error('takes bytes only')
      const reader = idle.pop() ?? new Reader()
      all.add(reader)
      const frame = new FrameReader(limits.modelBytes)
      const options = { skip, maxBytes: limits.modelBytes, maxTensorBytes: limits.tensorBytes, maxObjects }
      try {
        return finishHdf5(name, frame, await reader.read(name, options, source, frame))
      } finally {
        if (reader.goesOn) idle.push(reader)
        else await reader.end().then(() => all.delete(reader))
      }
    },
    close: async () => {
      await Promise.all([...all].map((reader) => reader.end()))
    },
  }
}

class Reader {
  readonly #ended: Promise<unknown>
  #child: ChildProcess | undefined
  #pending = Buffer.alloc(0)
  #files = 0
  #isOver = false
  #file: { frame: FrameReader; done: (end: SandboxEnd) => void; failed: (error: Error) => void } | undefined

  constructor() {
    this.#ended = runSandboxed({
      name: 'a file',
      args: [program],
      readable: [dirname(program), ...readerFolders()],
      cwd: dirname(program),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: processLimit,
      output: (chunk) => this.#take(chunk),
      started: (child) => {
        this.#child = child
      },
    })
      .then(
        ({ code, diagnostics }) => this.#file?.done({ code: code ?? 1, diagnostics }),
        (error: Error) => this.#file?.failed(error),
      )
      .finally(() => {
        this.#isOver = true
      })
  }

  get goesOn(): boolean {
    return !this.#isOver && this.#files < filesPerProcess
  }

  /** As the process of one file would end. Rejects when it was ended. */
  async read(name: string, options: unknown, content: Uint8Array, frame: FrameReader): Promise<SandboxEnd> {
    this.#files += 1
    const json = Buffer.from(JSON.stringify(options))
    const head = Buffer.alloc(8)
    head.writeUInt32LE(json.length, 0)
    head.writeUInt32LE(content.length, 4)
    const before = await processorSeconds(this.#child)
    const clock = setInterval(async () => {
      if ((await processorSeconds(this.#child)) - before < secondsPerFile) return
      this.#isOver = true
      this.#file?.failed(new InvalidInputError(`${name} could not be read within ${secondsPerFile} s`))
      this.#child?.kill('SIGKILL')
    }, 1000)
    try {
      return await new Promise<SandboxEnd>((done, failed) => {
        this.#file = { frame, done, failed }
        this.#child?.stdin?.write(Buffer.concat([head, json, content]))
      })
    } catch (error) {
      this.#isOver = true
      throw error
    } finally {
      clearInterval(clock)
      this.#file = undefined
    }
  }

  async end(): Promise<void> {
    this.#child?.stdin?.end()
    await this.#ended
  }

  #take(chunk: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, chunk])
    while (this.#pending.length >= 5) {
      const length = this.#pending.readUInt32LE(1)
      if (this.#pending.length < 5 + length) return
      const content = this.#pending.subarray(5, 5 + length)
      const isEnd = this.#pending[0] === 1
      this.#pending = this.#pending.subarray(5 + length)
      const file = this.#file
      try {
        if (!isEnd) {
          file?.frame.push(content)
          continue
        }
        const { isLast, ...end } = JSON.parse(content.toString()) as SandboxEnd & { readonly isLast: boolean }
        this.#isOver ||= isLast
        file?.done(end)
      } catch (cause) {
        // As the sandbox puts it; what the process still sends of this file is of no use.
        file?.failed(new InvalidInputError(`a file cannot be read: ${messageOf(cause)}`, { cause }))
        throw cause
      }
    }
  }
}

/** User and system time so far; 0 where there is no /proc. */
const processorSeconds = async (child: ChildProcess | undefined): Promise<number> => {
  const text = await readFile(join('/proc', String(child?.pid), 'stat'), 'utf8').catch(() => '')
  const [user = 0, system = 0] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + system) / clockTicks
}
