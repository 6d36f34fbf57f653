/** Request bodies: counted while they are read, refused over the limit, and only of the content types a route takes. */
import type { IncomingMessage } from 'node:http'
import { type Contents, checked, HttpError, type limits } from '@maas/core/contract'
import { InvalidInputError, MaasError, TooLargeError } from '@maas/core/errors'
import type { z } from 'zod'
import type { HeaderReader } from './asked.ts'
import { parseJson } from './json.ts'

export type Limits = { readonly [K in keyof typeof limits]: number }

/** What curl's `-d` and `--data-binary` say when nobody said better; TensorFlow Serving's own examples send it. */
const curlDefault = 'application/x-www-form-urlencoded'

/** `control` routes change state, so there a page in a browser must not be able to pass for a client: JSON has to be said. */
export const contentType = (headers: HeaderReader, allowed: Contents, strict: boolean): string => {
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') {
    throw new HttpError(415, `content-encoding: got "${encoding.slice(0, 40)}"; send the body uncompressed.`)
  }
  const given = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (given in allowed) return given
  if (/^application\/([\w.-]+\+)?json$/.test(given)) return 'application/json'
  if (!strict && (given === '' || given === curlDefault)) return 'application/json'
  const got = given === '' ? 'none' : `"${given.slice(0, 80)}"`
  throw new HttpError(415, `content-type: got ${got}; this route takes ${Object.keys(allowed).join(', ')}.`)
}

/** The whole body from Node's own request: the web's streams cost more than all the rest. TooLargeError as soon as it is known to be over the limit. */
export const readIncoming = (incoming: IncomingMessage, limit: number): Promise<Uint8Array> => {
  const declared = incoming.headers['content-length']
  if (declared !== undefined && Number(declared) > limit) return Promise.reject(tooLarge(limit, `${declared} bytes`))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else {
        incoming.pause()
        reject(tooLarge(limit, `more than ${limit} bytes`))
      }
    })
    let whole = false
    incoming.once('end', () => {
      whole = true
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size))
    })
    // It closes after every request: an error that nobody would see costs as much as reading a small body.
    const left = (cause?: unknown): void => {
      if (!whole) reject(new MaasError('canceled', 'The caller went away.', { cause }))
    }
    incoming.once('error', left)
    incoming.once('close', () => left())
  })
}

/** TooLargeError as soon as it is known to be over the limit. */
export const readBody = async (request: Request, limit: number): Promise<Uint8Array> => {
  const declared = request.headers.get('content-length')
  if (declared !== null) {
    if (Number(declared) > limit) throw tooLarge(limit, `${declared} bytes`)
    const bytes = new Uint8Array(await request.arrayBuffer())
    if (bytes.length > limit) throw tooLarge(limit, `${bytes.length} bytes`)
    return bytes
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit, `more than ${limit} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (limit: number, got: string): TooLargeError =>
  new TooLargeError(
    `The body is too large: got ${got}; at most ${limit} are taken. Send fewer examples or a smaller image.`,
  )

/** A JSON body that fits the schema; InvalidInputError names the field. */
export const readJson = <T>(bytes: Uint8Array, schema: z.ZodType<T>): T => {
  const value = parseJson(bytes)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError('The body must be a JSON object.', { param: 'body' })
  }
  return checked(schema, value, 'body')
}
