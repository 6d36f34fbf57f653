/** Sends a file in parts to the addresses that a service signs, several at once; what has arrived before is not sent again. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { SignedPart, Upload } from '../contract.ts'
import { ConnectionError, errorForStatus } from '../errors.ts'
import { type Http, path } from '../remote/http.ts'

export interface SendOptions {
  /** Bytes that have arrived, of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Parts under way at once. @default 4 */
  readonly parallel?: number | undefined
  /** @default the global fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const attempts = 4
/** Of a file, read at once. */
const pieceBytes = 1 << 20

/** Size and SHA-256, as a service wants them announced. */
export const announce = (file: string): Promise<{ readonly size: number; readonly sha256: string }> =>
  measure(file, 0, Number.POSITIVE_INFINITY)

/** Of the part of a file that exists; read into the same memory again and again, for new memory costs more than the reading. */
const measure = async (file: string, start: number, length: number) => {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(pieceBytes)
  const handle = await open(file, 'r')
  try {
    let size = 0
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(pieceBytes, length - size), start + size)
      if (bytesRead === 0) return { size, sha256: hash.digest('hex') }
      hash.update(piece.subarray(0, bytesRead))
      size += bytesRead
    }
  } finally {
    await handle.close()
  }
}

/** Resolves when all parts have arrived; the upload is not complete yet. */
export const sendFile = async (http: Http, upload: Upload, file: string, options: SendOptions = {}): Promise<void> => {
  const { onProgress = () => {}, parallel = 4, signal } = options
  const missing = Array.from({ length: upload.parts }, (_, index) => index + 1).filter(
    (number) => !upload.received.includes(number),
  )
  const sizeOf = (number: number) => Math.min(upload.part_bytes, upload.size - (number - 1) * upload.part_bytes)
  const before = upload.size - missing.reduce((sum, number) => sum + sizeOf(number), 0)
  const sent = new Map<number, number>()
  const tell = (): void =>
    onProgress(
      [...sent.values()].reduce((sum, bytes) => sum + bytes, before),
      upload.size,
    )
  tell()
  const queue = missing[Symbol.iterator]()
  const run = async (): Promise<void> => {
    for (const number of queue) {
      signal?.throwIfAborted()
      const onSent = (bytes: number): void => {
        sent.set(number, bytes)
        tell()
      }
      const part = { number, file, start: (number - 1) * upload.part_bytes, length: sizeOf(number), onSent }
      await sendPart(http, upload, part, options)
      onSent(part.length)
    }
  }
  await Promise.all(Array.from({ length: Math.min(Math.max(1, parallel), missing.length) }, run))
}

interface Part {
  readonly number: number
  readonly file: string
  readonly start: number
  readonly length: number
  /** Bytes on their way; fewer again when it is sent anew. */
  readonly onSent: (bytes: number) => void
}

async function* contentOf({ file, start, length, onSent }: Part): AsyncIterable<Uint8Array> {
  if (length === 0) return
  let read = 0
  for await (const piece of createReadStream(file, { start, end: start + length - 1, highWaterMark: pieceBytes })) {
    onSent(read)
    read += piece.length
    yield piece
  }
  if (read < length) throw new ConnectionError(`${file} became shorter while it was sent; send it again`)
}

const sendPart = async (http: Http, upload: Upload, part: Part, options: SendOptions): Promise<void> => {
  const { number, file, start, length } = part
  // Of the only part it is known, and whoever receives it compares.
  const sha256 = upload.parts === 1 ? upload.sha256 : (await measure(file, start, length)).sha256
  const send = options.fetch ?? globalThis.fetch
  for (let attempt = 1; ; attempt += 1) {
    // A new address each time: the last one may have grown too old.
    const { parts } = await http.json<{ parts: SignedPart[] }>({
      method: 'POST',
      path: path`/uploads/${upload.id}/parts`,
      repeatable: 'safe',
      json: JSON.stringify({ parts: [{ number, sha256 }] }),
    })
    const [{ url, headers } = { url: '', headers: {} }] = parts
    try {
      const response = await send(new URL(url, `${http.url}/`), {
        method: 'PUT',
        // A stream's length is not known to who sends it, and S3 takes none without.
        headers: { ...headers, 'content-length': String(length) },
        body: contentOf(part) as unknown as BodyInit,
        duplex: 'half',
        ...(options.signal && { signal: options.signal }),
      } as RequestInit)
      if (response.ok) return void (await response.arrayBuffer())
      const text = (await response.text()).slice(0, 300)
      // Sent twice because an answer was lost: it has arrived.
      if (response.status === 412 && upload.parts === 1) return
      if (attempt === attempts || response.status === 400) {
        throw errorForStatus(response.status, `part ${number} of ${upload.key} was not taken: ${text}`, {})
      }
    } catch (error) {
      const cause = error instanceof TypeError ? error.cause : undefined
      if (cause instanceof ConnectionError) throw cause
      if (!(error instanceof TypeError) || attempt === attempts) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt))
  }
}
