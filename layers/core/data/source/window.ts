/** Reads small ranges of a file through one large window, so that neighbours cost one system call in thousands. */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import yauzl from 'yauzl'

const windowBytes = 4 * 1024 * 1024

export class WindowReader {
  readonly #file: FileHandle
  #start = 0
  #window: Buffer = Buffer.alloc(0)

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** A view of the range, valid for good: windows are replaced, never overwritten. */
  async read(position: number, length: number): Promise<Buffer> {
    return this.#held(position, length) ?? (await this.#load(position, length))
  }

  /** The face that yauzl reads a central directory through. */
  asRandomAccess(): yauzl.RandomAccessReader {
    return new YauzlReader(this)
  }

  #held(position: number, length: number): Buffer | undefined {
    const offset = position - this.#start
    if (offset < 0 || offset + length > this.#window.length) return undefined
    return this.#window.subarray(offset, offset + length)
  }

  async #load(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.max(length, windowBytes))
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    if (filled < length) throw new Error('the file ends too early')
    this.#start = position
    this.#window = buffer.subarray(0, filled)
    return this.#window.subarray(0, length)
  }
}

class YauzlReader extends yauzl.RandomAccessReader {
  readonly #reader: WindowReader

  constructor(reader: WindowReader) {
    super()
    this.#reader = reader
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#reader.read(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset)
        callback(null)
      },
      (error: Error) => callback(error),
    )
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end))
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    yield await this.#reader.read(start, end - start)
  }
}
