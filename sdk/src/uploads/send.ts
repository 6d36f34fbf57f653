/** Sends a file in parts to the addresses that a service signs, several at once; what has arrived before is not sent again. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
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
/** Bytes of all parts in memory at once. */
const mostHeld = 128 * 1024 * 1024

/** Size and SHA-256, as a service wants them announced. */
export const announce = async (file: string): Promise<{ readonly size: number; readonly sha256: string }> => {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    hash.update(chunk)
    size += (chunk as Buffer).length
  }
  return { size, sha256: hash.digest('hex') }
}

/** Resolves when all parts have arrived; the upload is not complete yet. */
export const sendFile = async (http: Http, upload: Upload, file: string, options: SendOptions = {}): Promise<void> => {
  const { onProgress = () => {}, parallel = 4, signal } = options
  const missing = Array.from({ length: upload.parts }, (_, index) => index + 1).filter(
    (number) => !upload.received.includes(number),
  )
  const sizeOf = (number: number) => Math.min(upload.part_bytes, upload.size - (number - 1) * upload.part_bytes)
  let done = upload.size - missing.reduce((sum, number) => sum + sizeOf(number), 0)
  onProgress(done, upload.size)
  const handle = await open(file, 'r')
  try {
    const queue = missing[Symbol.iterator]()
    const run = async (): Promise<void> => {
      for (const number of queue) {
        signal?.throwIfAborted()
        const body = await readPart(handle, file, (number - 1) * upload.part_bytes, sizeOf(number))
        await sendPart(http, upload, number, body, options)
        done += body.length
        onProgress(done, upload.size)
      }
    }
    const most = Math.max(1, Math.min(parallel, Math.floor(mostHeld / upload.part_bytes)))
    await Promise.all(Array.from({ length: Math.min(most, missing.length) }, run))
  } finally {
    await handle.close()
  }
}

const readPart = async (handle: FileHandle, file: string, start: number, length: number): Promise<Buffer> => {
  const body = Buffer.allocUnsafe(length)
  const { bytesRead } = await handle.read(body, 0, length, start)
  if (bytesRead === length) return body
  throw new ConnectionError(`${file} became shorter while it was sent; send it again`)
}

const sendPart = async (
  http: Http,
  upload: Upload,
  number: number,
  body: Buffer,
  options: SendOptions,
): Promise<void> => {
  // Of the only part it is known, and whoever receives it compares.
  const sha256 = upload.parts === 1 ? upload.sha256 : createHash('sha256').update(body).digest('hex')
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
        headers,
        body: body as BodyInit,
        ...(options.signal && { signal: options.signal }),
      })
      if (response.ok) return void (await response.arrayBuffer())
      const text = (await response.text()).slice(0, 300)
      // Sent twice because an answer was lost: it has arrived.
      if (response.status === 412 && upload.parts === 1) return
      if (attempt === attempts || response.status === 400) {
        throw errorForStatus(response.status, `part ${number} of ${upload.key} was not taken: ${text}`, {})
      }
    } catch (error) {
      if (!(error instanceof TypeError) || attempt === attempts) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt))
  }
}
