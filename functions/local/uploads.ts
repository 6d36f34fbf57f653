/** Uploads on one machine: the service signs addresses of its own, and takes the parts there with the same length and checksum rules as S3. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { HttpError } from '@maas/core/contract'
import { ConflictError, InvalidInputError, MaasError } from '@maas/core/errors'
import {
  type FileUpload,
  isThere,
  type ObjectStore,
  objectsBelow,
  type PartRequest,
  partsOf,
  type UploadPort,
} from '@maas/core/store'
import * as z from 'zod'

export interface FileUploads extends UploadPort {
  /** Whether a request goes to an address that was signed here; `target` is as its request line has it. */
  isOurs(target: string): boolean
  /** Stores the part whole or not at all. Throws for a signature, length or checksum that is not right. */
  receive(request: Request): Promise<void>
  /** The same without HTTP, for a process that has the file itself. */
  store(file: FileUpload, content: AsyncIterable<Uint8Array>): Promise<void>
}

export interface FileUploadDeps {
  readonly store: ObjectStore
  /** Of this process: addresses end with it, and the client asks for new ones. */
  readonly secret: Uint8Array
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** @default 64 MiB */
  readonly partBytes?: number
}

const prefix = '/signed/'
const hour = 3_600_000
/** Few files have more: parts are written to the disk, and then once more as one file. */
const largePart = 64 * 1024 * 1024

const grantSchema = z.object({
  key: z.string(),
  size: z.number(),
  sha256: z.string(),
  once: z.boolean(),
  expires: z.number(),
})
type Grant = z.infer<typeof grantSchema>

const partsPrefix = ({ key, sha256 }: Pick<FileUpload, 'key' | 'sha256'>): string =>
  `uploads/parts/${createHash('sha256').update(`${key} ${sha256}`).digest('hex').slice(0, 32)}/`

const partKey = (file: Pick<FileUpload, 'key' | 'sha256'>, number: number): string =>
  `${partsPrefix(file)}${String(number).padStart(5, '0')}`

/** Passes content on; throws at its end, so that nothing is stored, when it is not what was announced. */
async function* counted(content: AsyncIterable<Uint8Array>, { size, sha256 }: Pick<FileUpload, 'size' | 'sha256'>) {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of content) {
    length += chunk.length
    if (length > size) break
    hash.update(chunk)
    yield chunk
  }
  if (length !== size)
    throw new InvalidInputError(
      `the body has ${length > size ? 'more than ' : ''}${Math.min(length, size)} bytes, ${size} were signed`,
    )
  if (hash.digest('hex') !== sha256) {
    throw new InvalidInputError(
      'the body has another SHA-256 than was signed: it was damaged on its way; send it again',
    )
  }
}

export const createFileUploads = ({ store, secret, clock, partBytes = largePart }: FileUploadDeps): FileUploads => {
  const sign = (text: string): Buffer => createHmac('sha256', secret).update(text).digest()

  const grantOf = (path: string): Grant => {
    const [text = '', signature = ''] = path.slice(prefix.length).split('.')
    const given = Buffer.from(signature, 'base64url')
    const right = sign(text)
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      throw new MaasError(
        'forbidden',
        'This address was not signed by this service, or before it was restarted; ask for a new one.',
      )
    }
    const grant = grantSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
    if (clock() > grant.expires) throw new MaasError('forbidden', 'This address is too old; ask for a new one.')
    return grant
  }

  const put = async ({ key, once, ...announced }: Omit<Grant, 'expires'>, content: AsyncIterable<Uint8Array>) => {
    await store.putStream(key, counted(content, announced), once ? { ifAbsent: true } : undefined)
  }

  return {
    partBytes,
    begin: async () => '',

    address: async (file: FileUpload, { number, size, sha256 }: PartRequest) => {
      const once = partsOf(file) === 1
      const grant: Grant = {
        key: once ? file.key : partKey(file, number),
        size,
        sha256,
        once,
        expires: clock() + hour,
      }
      const text = Buffer.from(JSON.stringify(grant)).toString('base64url')
      return {
        url: `${prefix}${text}.${sign(text).toString('base64url')}`,
        headers: { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') },
      }
    },

    received: async (file) => {
      if (await isThere(store, file)) return Array.from({ length: partsOf(file) }, (_, index) => index + 1)
      const numbers: number[] = []
      for await (const { key } of objectsBelow(store, partsPrefix(file))) numbers.push(Number(key.slice(-5)))
      return numbers
    },

    finish: async (file) => {
      if (partsOf(file) === 1 || (await isThere(store, file))) return
      const parts = async function* () {
        for (let number = 1; number <= partsOf(file); number++) yield* await store.stream(partKey(file, number))
      }
      try {
        await store.putStream(file.key, counted(parts(), file), { ifAbsent: true })
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
      }
      for await (const { key } of objectsBelow(store, partsPrefix(file))) await store.delete(key)
    },

    abort: async (file) => {
      for await (const { key } of objectsBelow(store, partsPrefix(file))) await store.delete(key)
    },

    isOurs: (target) =>
      target.startsWith(prefix) ||
      (!target.startsWith('/') && URL.canParse(target) && new URL(target).pathname.startsWith(prefix)),

    receive: async (request) => {
      if (request.method !== 'PUT') throw new HttpError(405, 'This address takes PUT.', { allow: 'PUT' })
      const { expires: _, ...grant } = grantOf(new URL(request.url).pathname)
      const checksum = request.headers.get('x-amz-checksum-sha256')
      if (checksum !== Buffer.from(grant.sha256, 'hex').toString('base64')) {
        throw new MaasError('forbidden', 'x-amz-checksum-sha256: it must be sent as it was signed.')
      }
      if (Number(request.headers.get('content-length') ?? grant.size) !== grant.size) {
        throw new MaasError('forbidden', `content-length: ${grant.size} bytes were signed.`)
      }
      try {
        await put(grant, (request.body ?? []) as AsyncIterable<Uint8Array>)
      } catch (error) {
        // Sent twice, because an answer was lost: the first one counts.
        if (!(grant.once && error instanceof ConflictError)) throw error
      }
    },

    store: async (file, content) => {
      if (await isThere(store, file)) return
      await put({ ...file, once: true }, content)
    },
  }
}
